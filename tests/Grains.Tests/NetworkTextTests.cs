using System.Net;
using OpSync.Contracts.Cluster;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>Addresses and subnets have one text each.</summary>
public sealed class NetworkTextTests
{
    [Theory]
    [InlineData("198.51.100.7", "198.51.100.7")]
    [InlineData("198.51.100.7/32", "198.51.100.7")]
    [InlineData("198.51.100.7/24", "198.51.100.0/24")]
    [InlineData("198.51.100.7/0", "0.0.0.0/0")]
    [InlineData("198.51.100.255/25", "198.51.100.128/25")]
    [InlineData("2001:DB8:0::7", "2001:db8::7")]
    [InlineData("2001:db8::7/32", "2001:db8::/32")]
    [InlineData("::ffff:198.51.100.7", "198.51.100.7")]
    [InlineData("::ffff:198.51.100.7/120", "198.51.100.0/24")]
    [InlineData("::ffff:198.51.100.7/95", "::fffe:0:0/95")]
    public void Text_of_a_network_is_made_the_same(string text, string expected)
    {
        Assert.True(NetworkText.TryParse(text, out IPNetwork network));
        Assert.Equal(expected, NetworkText.Write(network));
        Assert.True(NetworkText.TryParse(expected, out IPNetwork again));
        Assert.Equal(network, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("198.51.100")]
    [InlineData("198.51.100.07")]
    [InlineData("198.51.100.256")]
    [InlineData("0xc6.51.100.7")]
    [InlineData("198.51.100.7/")]
    [InlineData("198.51.100.7/33")]
    [InlineData("198.51.100.7/-1")]
    [InlineData("198.51.100.7/ 8")]
    [InlineData("198.51.100.7/24/8")]
    [InlineData("2001:db8::/129")]
    [InlineData("[2001:db8::7]")]
    [InlineData("fe80::1%eth0")]
    [InlineData("example.org")]
    public void Other_texts_are_no_network(string text) => Assert.False(NetworkText.TryParse(text, out _));
}
