# The verbs of this repository, the same for people and for CI.
.PHONY: build test long demo bench sim fmt ci
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
# All seeds of the simulated worlds, a million by default; SEED=n runs one, for instance one that failed.
sim:
	$(if $(SEED),OPSYNC_SEED=$(SEED) dotnet test -c Release tests/Simulation --filter Worlds,dotnet run -c Release --project bench/Simulation -- seeds 1000000)
ci:
	.ci/run
