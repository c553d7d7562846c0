using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace OpSync.Embedded.Tests.Conformance;

/// <summary>Names of the generic parameters in scope.</summary>
internal sealed record GenericNames(string[] OfType, string[] OfMethod);

/// <summary>Turns metadata signatures into full type names, generics in C# form, modifiers left out.</summary>
internal sealed class SignatureNames(MetadataReader metadata) : ISignatureTypeProvider<string, GenericNames>
{
    /// <summary>Set by a signature of an init accessor.</summary>
    public bool SawInit { get; set; }

    /// <summary>Replaces the arity suffix of a metadata name by the arguments.</summary>
    public static string WithArguments(string name, IReadOnlyCollection<string> arguments)
    {
        int tick = name.IndexOf('`', StringComparison.Ordinal);
        string plain = tick < 0 ? name : name[..tick];
        return arguments.Count == 0 ? plain : $"{plain}<{string.Join(", ", arguments)}>";
    }

    public string FromHandle(EntityHandle handle, GenericNames context) => handle.Kind switch
    {
        HandleKind.TypeDefinition => GetTypeFromDefinition(metadata, (TypeDefinitionHandle)handle, 0),
        HandleKind.TypeReference => GetTypeFromReference(metadata, (TypeReferenceHandle)handle, 0),
        _ => metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(this, context),
    };

    public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind)
    {
        TypeDefinition type = reader.GetTypeDefinition(handle);
        string name = reader.GetString(type.Name);
        if (!type.GetDeclaringType().IsNil) return $"{GetTypeFromDefinition(reader, type.GetDeclaringType(), 0)}.{name}";
        string space = reader.GetString(type.Namespace);
        return space.Length == 0 ? name : $"{space}.{name}";
    }

    public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind)
    {
        TypeReference type = reader.GetTypeReference(handle);
        string name = reader.GetString(type.Name);
        if (type.ResolutionScope.Kind == HandleKind.TypeReference)
            return $"{GetTypeFromReference(reader, (TypeReferenceHandle)type.ResolutionScope, 0)}.{name}";
        string space = reader.GetString(type.Namespace);
        return space.Length == 0 ? name : $"{space}.{name}";
    }

    public string GetTypeFromSpecification(MetadataReader reader, GenericNames genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
        reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

    public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments) => WithArguments(genericType, typeArguments);

    public string GetGenericTypeParameter(GenericNames genericContext, int index) => genericContext.OfType[index];

    public string GetGenericMethodParameter(GenericNames genericContext, int index) => genericContext.OfMethod[index];

    public string GetPrimitiveType(PrimitiveTypeCode typeCode) => typeCode == PrimitiveTypeCode.Void ? "void" : $"System.{typeCode}";

    public string GetByReferenceType(string elementType) => "ref " + elementType;

    public string GetSZArrayType(string elementType) => elementType + "[]";

    public string GetArrayType(string elementType, ArrayShape shape) => $"{elementType}[{new string(',', shape.Rank - 1)}]";

    public string GetPointerType(string elementType) => elementType + "*";

    public string GetPinnedType(string elementType) => elementType;

    public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired)
    {
        SawInit |= modifier == "System.Runtime.CompilerServices.IsExternalInit";
        return unmodifiedType;
    }

    public string GetFunctionPointerType(MethodSignature<string> signature) => "delegate*";
}
