using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;

namespace OpSync.Embedded.Tests.Conformance;

/// <summary>
/// Public and protected types and members of one or more assemblies as text, read as metadata only, so that the base
/// types of a listed type may be missing. The text has the form of <c>tests/Vectors/orleans-api.tsv</c>.
/// </summary>
internal sealed class ApiListing
{
    private readonly Dictionary<string, ApiType> _types = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, ApiType> Types => _types;

    public static ApiListing FromAssembly(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        MetadataReader metadata = file.GetMetadataReader();
        var listing = new ApiListing();
        foreach (TypeDefinitionHandle handle in metadata.TypeDefinitions)
        {
            if (!IsVisible(metadata, metadata.GetTypeDefinition(handle))) continue;
            ApiType type = new TypeLister(metadata, handle).List();
            listing._types[type.Name] = type;
        }

        return listing;
    }

    /// <summary>Reads lines of <c>type TAB member</c>; the line whose member part starts with a kind opens the type.</summary>
    public static ApiListing FromTable(IEnumerable<string> lines)
    {
        var listing = new ApiListing();
        foreach (string line in lines)
        {
            if (line.Length == 0 || line[0] == '#') continue;
            string[] parts = line.Split('\t', 2);
            if (!listing._types.TryGetValue(parts[0], out ApiType? type))
            {
                type = ApiType.FromHeader(parts[0], parts[1]);
                listing._types.Add(parts[0], type);
                continue;
            }

            if (!ApiType.IsHeader(parts[1])) type.Members.Add(new ApiMember(parts[1], Constraints: null));
        }

        return listing;
    }

    private static bool IsVisible(MetadataReader metadata, TypeDefinition type) =>
        (type.Attributes & TypeAttributes.VisibilityMask) switch
        {
            TypeAttributes.Public => true,
            TypeAttributes.NestedPublic => IsVisible(metadata, metadata.GetTypeDefinition(type.GetDeclaringType())),
            _ => false,
        };

    /// <summary>Lists one type.</summary>
    private sealed class TypeLister(MetadataReader metadata, TypeDefinitionHandle handle)
    {
        private readonly TypeDefinition _type = metadata.GetTypeDefinition(handle);
        private readonly SignatureNames _names = new(metadata);

        public ApiType List()
        {
            string[] typeParameters = Names(_type.GetGenericParameters());
            var context = new GenericNames(typeParameters, []);
            string name = SignatureNames.WithArguments(_names.GetTypeFromDefinition(metadata, handle, 0), typeParameters);
            string? baseType = _type.BaseType.IsNil ? null : _names.FromHandle(_type.BaseType, context);
            bool isInterface = (_type.Attributes & TypeAttributes.Interface) != 0;
            string kind = isInterface ? "interface" : baseType switch
            {
                "System.Enum" => "enum",
                "System.ValueType" => "struct",
                "System.MulticastDelegate" => "delegate",
                _ => Class(_type.Attributes),
            };
            if (baseType is "System.Enum" or "System.ValueType" or "System.Object" or "System.MulticastDelegate") baseType = null;
            var interfaces = _type.GetInterfaceImplementations()
                .Select(i => _names.FromHandle(metadata.GetInterfaceImplementation(i).Interface, context));
            var listed = new ApiType(name, kind, baseType, [.. interfaces]);
            if (kind == "enum") listed.Members.Add(new ApiMember(EnumValues(), null));
            else
            {
                ListFields(listed, context);
                ListMethods(listed, context, isInterface);
                ListProperties(listed, context, isInterface);
            }

            return listed;
        }

        private static string Class(TypeAttributes attributes) => (attributes & (TypeAttributes.Abstract | TypeAttributes.Sealed)) switch
        {
            TypeAttributes.Abstract | TypeAttributes.Sealed => "static class",
            TypeAttributes.Abstract => "abstract class",
            TypeAttributes.Sealed => "sealed class",
            _ => "class",
        };

        private string EnumValues() => string.Join(", ", _type.GetFields().Select(metadata.GetFieldDefinition)
            .Where(f => (f.Attributes & FieldAttributes.Literal) != 0)
            .Select(f => $"{metadata.GetString(f.Name)} = {Constant(f.GetDefaultValue(), typed: true)}"));

        private void ListFields(ApiType listed, GenericNames context)
        {
            foreach (FieldDefinition field in _type.GetFields().Select(metadata.GetFieldDefinition))
            {
                string? access = Access((MethodAttributes)(field.Attributes & FieldAttributes.FieldAccessMask));
                if (access is null) continue;
                string text = $"{field.DecodeSignature(_names, context)} {metadata.GetString(field.Name)}";
                if ((field.Attributes & FieldAttributes.Literal) != 0)
                    text = $"const {text} = {Constant(field.GetDefaultValue(), typed: true)}";
                else if ((field.Attributes & FieldAttributes.Static) != 0) text = "static " + text;
                listed.Members.Add(new ApiMember(access + text, null));
            }
        }

        private void ListMethods(ApiType listed, GenericNames typeContext, bool isInterface)
        {
            foreach (MethodDefinition method in _type.GetMethods().Select(metadata.GetMethodDefinition))
            {
                string name = metadata.GetString(method.Name);
                bool special = (method.Attributes & MethodAttributes.SpecialName) != 0;
                string? access = Access(method.Attributes);
                if (access is null || (special && name != ".ctor")) continue;
                string[] typeParameters = Names(method.GetGenericParameters());
                var context = new GenericNames(typeContext.OfType, typeParameters);
                MethodSignature<string> signature = method.DecodeSignature(_names, context);
                string returns = name == ".ctor" ? "" : signature.ReturnType + " ";
                listed.Members.Add(new ApiMember(
                    access + Modifiers(method.Attributes, isInterface) + returns
                        + SignatureNames.WithArguments(name, typeParameters) + $"({Parameters(method, signature)})",
                    Constraints(method.GetGenericParameters(), context)));
            }
        }

        private void ListProperties(ApiType listed, GenericNames context, bool isInterface)
        {
            foreach (PropertyDefinition property in _type.GetProperties().Select(metadata.GetPropertyDefinition))
            {
                PropertyAccessors accessors = property.GetAccessors();
                var text = new StringBuilder();
                MethodDefinition? leading = null;
                foreach ((MethodDefinitionHandle accessor, string word) in new[] { (accessors.Getter, "get;"), (accessors.Setter, "set;") })
                {
                    if (accessor.IsNil) continue;
                    MethodDefinition method = metadata.GetMethodDefinition(accessor);
                    if (Access(method.Attributes) is null) continue;
                    leading ??= method;
                    _names.SawInit = false;
                    method.DecodeSignature(_names, context);
                    text.Append(_names.SawInit ? "init;" : word).Append(' ');
                }

                if (leading is not { } first) continue;
                string type = property.DecodeSignature(_names, context).ReturnType;
                listed.Members.Add(new ApiMember(
                    Access(first.Attributes) + Modifiers(first.Attributes, isInterface, property: true)
                        + $"{type} {metadata.GetString(property.Name)} {{ {text}}}", null));
            }
        }

        private static string? Access(MethodAttributes attributes) => (attributes & MethodAttributes.MemberAccessMask) switch
        {
            MethodAttributes.Public => "",
            MethodAttributes.Family or MethodAttributes.FamORAssem => "protected ",
            _ => null,
        };

        private static string Modifiers(MethodAttributes attributes, bool isInterface, bool property = false)
        {
            if ((attributes & MethodAttributes.Static) != 0) return "static ";
            bool isVirtual = (attributes & (MethodAttributes.Virtual | MethodAttributes.Final)) == MethodAttributes.Virtual;
            return isVirtual && !isInterface && !property ? "virtual " : "";
        }

        private string Parameters(MethodDefinition method, MethodSignature<string> signature)
        {
            var texts = new string[signature.ParameterTypes.Length];
            foreach (Parameter parameter in method.GetParameters().Select(metadata.GetParameter))
            {
                if (parameter.SequenceNumber == 0) continue;
                int index = parameter.SequenceNumber - 1;
                string type = signature.ParameterTypes[index];
                if (type.StartsWith("ref ", StringComparison.Ordinal) && (parameter.Attributes & ParameterAttributes.Out) != 0)
                    type = "out " + type[4..];
                string text = $"{type} {metadata.GetString(parameter.Name)}";
                if (index == 0 && Has(method.GetCustomAttributes(), "System.Runtime.CompilerServices.ExtensionAttribute"))
                    text = "this " + text;
                if (Has(parameter.GetCustomAttributes(), "System.ParamArrayAttribute")) text = "params " + text;
                if ((parameter.Attributes & ParameterAttributes.HasDefault) != 0)
                    text += $" = {Constant(parameter.GetDefaultValue(), typed: false)}";
                texts[index] = text;
            }

            return string.Join(", ", texts);
        }

        private bool Has(CustomAttributeHandleCollection attributes, string name) => attributes.Any(a =>
            metadata.GetCustomAttribute(a).Constructor is { Kind: HandleKind.MemberReference } constructor
            && metadata.GetMemberReference((MemberReferenceHandle)constructor).Parent is { Kind: HandleKind.TypeReference } parent
            && _names.GetTypeFromReference(metadata, (TypeReferenceHandle)parent, 0) == name);

        private string Constraints(GenericParameterHandleCollection parameters, GenericNames context) =>
            string.Join(" ", parameters.Select(metadata.GetGenericParameter).Select(p =>
            {
                string types = string.Join(", ", p.GetConstraints()
                    .Select(c => _names.FromHandle(metadata.GetGenericParameterConstraint(c).Type, context)).Order(StringComparer.Ordinal));
                return $"{metadata.GetString(p.Name)}: {p.Attributes & GenericParameterAttributes.SpecialConstraintMask}, {types};";
            }));

        private string[] Names(GenericParameterHandleCollection parameters) =>
            [.. parameters.Select(p => metadata.GetString(metadata.GetGenericParameter(p).Name))];

        private string Constant(ConstantHandle constantHandle, bool typed)
        {
            if (constantHandle.IsNil) return "default";
            Constant constant = metadata.GetConstant(constantHandle);
            object? value = metadata.GetBlobReader(constant.Value).ReadConstant(constant.TypeCode);
            return value switch
            {
                null => "default",
                string text => typed ? text : $"\"{text}\"",
                _ => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{value}"),
            };
        }
    }
}
