using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using OpSync.Gateway.Security;
using OpSync.Gateway.Tests.Kit;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Gateway.Tests;

/// <summary>Tokens under a secret, each wrong form of them by itself.</summary>
public sealed class JsonWebTokenTests
{
    private const string Header = """{"alg":"HS256","typ":"JWT"}""";
    private static readonly DateTimeOffset s_now = DateTimeOffset.UnixEpoch.AddDays(20_000);
    private static readonly long s_seconds = s_now.ToUnixTimeSeconds();

    [Theory]
    [InlineData("'iat':0", true)]
    [InlineData("'iat':-59", true)]
    [InlineData("'iat':59", true)]
    [InlineData("'iat':-60", true)]
    [InlineData("'iat':-61", false)]
    [InlineData("'iat':61", false)]
    [InlineData("'iat':-60.5", false)]
    [InlineData("'iat':-0.5", true)]
    [InlineData("", false)]
    [InlineData("'iat':null", false)]
    [InlineData("'iat':'0'", false)]
    [InlineData("'iat':1e999", false)]
    [InlineData("'iat':0,'exp':1", true)]
    [InlineData("'iat':0,'exp':0", false)]
    [InlineData("'iat':0,'exp':-1", false)]
    [InlineData("'iat':0,'exp':99999999", true)]
    [InlineData("'iat':0,'exp':null", false)]
    [InlineData("'iat':0,'exp':'x'", false)]
    [InlineData("'exp':10", false)]
    [InlineData("'iat':-3600,'exp':3600", false)]
    [InlineData("'iat':0,'nbf':0", true)]
    [InlineData("'iat':0,'nbf':5", true)]
    [InlineData("'iat':0,'nbf':6", false)]
    [InlineData("'iat':0,'nbf':-100", true)]
    [InlineData("'iat':0,'nbf':true", false)]
    [InlineData("'iat':0,'sub':'anybody','clv':'geth/1'", true)]
    public void Times_are_honoured(string claims, bool valid)
    {
        Assert.Equal(valid, IsValid(Sign(Header, Claims(claims))));
    }

    [Theory]
    [InlineData("""{"alg":"none"}""")]
    [InlineData("""{"alg":"HS512"}""")]
    [InlineData("""{"alg":"hs256"}""")]
    [InlineData("""{"alg":["HS256"]}""")]
    [InlineData("""{"typ":"JWT"}""")]
    [InlineData("""{"alg":"HS256","crit":["exp"]}""")]
    [InlineData("[]")]
    [InlineData("HS256")]
    [InlineData("")]
    public void Header_that_names_another_algorithm_or_more_than_is_understood_counts_for_nothing(string header)
    {
        Assert.False(IsValid(Sign(header, Claims("'iat':0"))));
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("{")]
    [InlineData("{\"iat\":{}}")]
    [InlineData("[[[[[[[[[[]]]]]]]]]]")]
    public void Claims_that_are_no_object_of_claims_count_for_nothing(string claims)
    {
        Assert.False(IsValid(Sign(Header, claims)));
    }

    [Fact]
    public void A_jwt_that_is_changed_unsigned_or_under_another_secret_counts_for_nothing()
    {
        string valid = JsonWebToken.Create(Door.JwtSecret, s_now);
        Assert.True(IsValid(valid));
        string[] parts = valid.Split('.');
        for (int i = 0; i < valid.Length; i++)
        {
            // The last letter of an unpadded text carries bits that mean nothing; a strict decoder refuses them too.
            string changed = valid[..i] + (valid[i] == 'A' ? 'B' : 'A') + valid[(i + 1)..];
            Assert.False(IsValid(changed), $"A change at {i} was not noticed.");
        }

        string[] wrong =
        [
            $"{parts[0]}.{parts[1]}", $"{parts[0]}.{parts[1]}.", $"{parts[0]}..{parts[2]}", $".{parts[1]}.{parts[2]}", $"{valid}.x", $"{valid}=", $" {valid}",
            valid[..^1], Sign(Header, Claims("'iat':0"), new byte[32]),
        ];
        Assert.All(wrong, text => Assert.False(IsValid(text), text));
    }

    [Fact]
    public void A_secret_opens_nothing_as_a_plain_token_and_a_jwt_nothing_without_a_secret()
    {
        FakeTime time = new();
        TokenBook book = new([], Door.JwtSecret, time), plain = new([new GatewayToken("reader", Door.Reader.Hash, GatewayScopes.Read)], null, time);
        string jwt = JsonWebToken.Create(Door.JwtSecret, time.GetUtcNow());

        Assert.Equal(GatewayScopes.All, book.Find(jwt)!.Scopes);
        Assert.Null(book.Find(Convert.ToHexStringLower(Door.JwtSecret)));
        Assert.Null(plain.Find(jwt));
        Assert.Equal(GatewayScopes.Read, plain.Find(Door.Reader.Token)!.Scopes);
        foreach (string text in (string[])["", " ", Door.Reader.Token + " ", Door.Reader.Token[..^1], Convert.ToHexStringLower(Door.Reader.Hash), new string('x', TokenBook.TextMax + 1)])
            Assert.Null(plain.Find(text));
        time.Advance(TimeSpan.FromSeconds(61));
        Assert.Null(book.Find(jwt));
    }

    private static bool IsValid(string text) => JsonWebToken.IsValid(text, Door.JwtSecret, s_now);

    /// <summary>Claims with their times counted from now: 'iat':-5 is five seconds ago.</summary>
    private static string Claims(string text) => "{" + System.Text.RegularExpressions.Regex.Replace(
        text.Replace('\'', '"'), """("(?:iat|exp|nbf)":)(-?[\d.]+)(?=,|$)""",
        m => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{m.Groups[1].Value}{s_seconds + decimal.Parse(m.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture)}")) + "}";

    private static string Sign(string header, string claims, byte[]? secret = null)
    {
        string text = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header)) + "." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims));
        return text + "." + Base64Url.EncodeToString(HMACSHA256.HashData(secret ?? Door.JwtSecret, Encoding.ASCII.GetBytes(text)));
    }
}
