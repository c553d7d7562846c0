# A silo: fetches, verifies, stores and serves blocks. Built from the root of the repository:
#   docker build -f deploy/silo.Dockerfile -t opsync-silo:0.1.0 .
ARG SDK=mcr.microsoft.com/dotnet/sdk:10.0.401-noble
ARG RUNTIME=mcr.microsoft.com/dotnet/aspnet:10.0.12-noble

FROM ${SDK} AS build
ARG ENGINE=Orleans
WORKDIR /source
COPY global.json Directory.Build.props Directory.Build.targets Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src src
RUN dotnet publish src/Cli/OpSync.Cli.csproj -c Release -p:Engine=${ENGINE} -p:Kubernetes=true -o /app

FROM ${RUNTIME}
# The code uses the operating system's SQLite and OpenSSL, which get their fixes from there.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libsqlite3-0 libssl3t64 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /app /app
RUN mkdir /var/lib/opsync && chown 1654:1654 /var/lib/opsync
# The diagnostics socket would be one more way in.
ENV DOTNET_EnableDiagnostics=0
# The user 'app' of the base image, by number, so that Kubernetes sees that it is not root.
USER 1654:1654
WORKDIR /var/lib/opsync
# Probes and metrics, libp2p, and what silos and gateways of a cluster say to each other
EXPOSE 8646 9223 11111 30000
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/opsync"]
CMD ["silo", "--config", "/etc/opsync/opsync.json"]
