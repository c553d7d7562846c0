using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using OpSync.Gateway.Security;

namespace OpSync.Gateway.Hosting;

/// <summary>The OpenAPI document, with the scope that each route needs.</summary>
internal static class GatewayOpenApi
{
    private const string SchemeId = "bearer";

    public static void Configure(OpenApiOptions options)
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.ShouldInclude = static description => description.HttpMethod != HttpMethods.Head;   // the same as GET, without its body
        options.AddDocumentTransformer(static (document, context, _) =>
        {
            document.Info.Title = "OpSync";
            document.Info.Description = "Fills missing blocks of OP Stack nodes: verified by hash chain to an anchor, stored, and served on.";
            document.Servers = [];
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
            document.Components.SecuritySchemes[SchemeId] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "A token of 'opsync token new', or an HS256 JWT with iat within 60 s under the configured secret.",
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer(static (operation, context, _) =>
        {
            IList<object> metadata = context.Description.ActionDescriptor.EndpointMetadata;
            if (metadata.OfType<IAllowAnonymous>().Any()) return Task.CompletedTask;
            string scope = metadata.OfType<IAuthorizeData>().LastOrDefault()?.Policy ?? Policies.Admin;
            operation.Description = $"Needs the scope {scope}.";
            operation.Security =
            [
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(SchemeId, context.Document)] = [] },
            ];
            return Task.CompletedTask;
        });
    }
}
