namespace OpSync.Silo.Hosting;

/// <content>Compiled with <c>-p:Kubernetes=true</c> only.</content>
internal static partial class SiloEngine
{
    /// <summary>Compares the members with the pods: a pod that is gone is no member any more, before its silence tells.</summary>
    static partial void UseKubernetes(ISiloBuilder silo) => silo.UseKubernetesHosting();
}
