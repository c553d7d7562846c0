# The verbs of this repository, the same for people and for CI.
.PHONY: build test long demo bench fmt ci
build:
	dotnet build -c Release OpSync.Orleans.sln
test:
	dotnet test -c Release OpSync.Orleans.sln
long:
	OPSYNC_LONG=1 dotnet test -c Release OpSync.Orleans.sln
demo:
	dotnet run -c Release --project src/Cli -- demo
bench:
	dotnet run -c Release --project bench/Micro -- pipeline
	dotnet run -c Release --project bench/Micro -- storage
	dotnet run -c Release --project bench/Micro -- serve
	dotnet run -c Release --project src/Cli -- demo --blocks 20000 --json
fmt:
	dotnet format OpSync.Orleans.sln
ci:
	.ci/run
