# A gateway: answers HTTP for the cluster, and keeps nothing. Built from the root of the repository:
#   docker build -f deploy/gateway.Dockerfile -t opsync-gateway:0.1.0 .
ARG SDK=mcr.microsoft.com/dotnet/sdk:10.0.401-noble
ARG RUNTIME=mcr.microsoft.com/dotnet/aspnet:10.0.12-noble

FROM ${SDK} AS build
ARG ENGINE=Orleans
WORKDIR /source
COPY global.json Directory.Build.props Directory.Build.targets Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src src
RUN dotnet publish src/Cli/OpSync.Cli.csproj -c Release -p:Engine=${ENGINE} -p:Kubernetes=true -o /app

FROM ${RUNTIME}
RUN apt-get update \
    && apt-get install -y --no-install-recommends libssl3t64 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /app /app
# The diagnostics socket would be one more way in.
ENV DOTNET_EnableDiagnostics=0
# The user 'app' of the base image, by number, so that Kubernetes sees that it is not root.
USER 1654:1654
WORKDIR /app
EXPOSE 8645
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/opsync"]
CMD ["gateway", "--config", "/etc/opsync/opsync.json"]
