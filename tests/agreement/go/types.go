package main

import (
	"fmt"
	"go/constant"
	"go/types"
	"maps"
	"reflect"
	"slices"
	"strings"
)

var known = map[string]string{
	"time.Time":                   "timestamp",
	"time.Duration":               "duration",
	"time.Month":                  "int",
	"time.Weekday":                "int",
	"math/big.Int":                "int",
	"encoding/json.RawMessage":    "any",
	"encoding/json.Number":        "float",
	"github.com/google/uuid.UUID": "uuid",
	"net/netip.Addr":              "string",
	"net/netip.AddrPort":          "string",
	"net/netip.Prefix":            "string",
	"net.IP":                      "string",
	"google.golang.org/protobuf/types/known/timestamppb.Timestamp": "timestamp",
	"google.golang.org/protobuf/types/known/durationpb.Duration":   "duration",
}

// typed is a type as the manifest calls it.
func (r *reader) typed(ty types.Type) string {
	switch ty := types.Unalias(ty).(type) {
	case *types.Basic:
		return basic(ty)
	case *types.Named:
		return r.named(ty)
	case *types.TypeParam:
		return r.constraint(ty)
	case *types.Pointer:
		return optional(r.typed(ty.Elem()))
	case *types.Slice:
		if isByte(ty.Elem()) {
			return "bytes"
		}
		return "list<" + r.typed(ty.Elem()) + ">"
	case *types.Array:
		return "list<" + r.typed(ty.Elem()) + ">"
	case *types.Map:
		if r.isKey(ty.Key()) {
			return "map<string, " + r.typed(ty.Elem()) + ">"
		}
		return printed(ty)
	case *types.Interface:
		if ty.Empty() {
			return "any"
		}
		return printed(ty)
	case *types.Struct:
		return r.anonymous(ty)
	default:
		return printed(ty)
	}
}

// anonymous is a struct without a name and without embedded fields.
func (r *reader) anonymous(ty *types.Struct) string {
	fields := map[string]string{}
	for index := range ty.NumFields() {
		field, text := ty.Field(index), ty.Tag(index)
		name, options, _ := strings.Cut(reflect.StructTag(text).Get("json"), ",")
		if !field.Exported() || name == "-" && options == "" {
			continue
		}
		if name == "" {
			name = field.Name()
		}
		fields[name] = r.typed(field.Type())
		if strings.Contains(options, "omitempty") {
			fields[name] = optional(fields[name])
		}
	}
	return record(fields)
}

func basic(ty *types.Basic) string {
	switch info := ty.Info(); {
	case info&types.IsBoolean != 0:
		return "bool"
	case info&types.IsString != 0:
		return "string"
	case info&types.IsInteger != 0:
		return "int"
	case info&types.IsFloat != 0:
		return "float"
	default:
		return ty.Name()
	}
}

func optional(inner string) string {
	if inner == "any" || inner == "null" || strings.HasSuffix(inner, "?") {
		return inner
	}
	return inner + "?"
}

func isByte(ty types.Type) bool {
	elem, ok := ty.Underlying().(*types.Basic)
	return ok && elem.Kind() == types.Uint8
}

func (r *reader) named(ty *types.Named) string {
	object := ty.Obj()
	if object.Pkg() == nil {
		return object.Name()
	}
	path := object.Pkg().Path()
	if word, ok := known[path+"."+object.Name()]; ok {
		return word
	}
	name := object.Name() + arguments(ty)
	if !r.inside(path) {
		return name
	}
	if has(ty, "MarshalJSON") {
		if has(ty, "UnmarshalJSON") {
			return "any"
		}
		return name
	}
	if has(ty, "MarshalText") {
		if has(ty, "UnmarshalText") {
			return "string"
		}
		return name
	}
	switch under := ty.Underlying().(type) {
	case *types.Struct, *types.Signature, *types.Chan:
		return name
	case *types.Interface:
		if under.Empty() {
			return "any"
		}
		return name
	case *types.Basic:
		if r.isEnumeration(ty, under) {
			return name
		}
		return basic(under)
	default:
		return r.typed(under)
	}
}

func arguments(ty *types.Named) string {
	var texts []string
	for argument := range ty.TypeArgs().Types() {
		texts = append(texts, printed(argument))
	}
	if len(texts) == 0 {
		return ""
	}
	return "[" + strings.Join(texts, ",") + "]"
}

func has(ty types.Type, method string) bool {
	if types.IsInterface(ty) {
		return false
	}
	object, _, _ := types.LookupFieldOrMethod(types.NewPointer(ty), false, nil, method)
	function, ok := object.(*types.Func)
	return ok && !types.IsInterface(function.Signature().Recv().Type())
}

func (r *reader) isKey(key types.Type) bool {
	if under, ok := key.Underlying().(*types.Basic); ok {
		return under.Info()&(types.IsString|types.IsInteger) != 0
	}
	if param, ok := types.Unalias(key).(*types.TypeParam); ok {
		return slices.Contains([]string{"any", "string", "int"}, r.constraint(param))
	}
	return has(key, "MarshalText")
}

func (r *reader) isEnumeration(ty *types.Named, under *types.Basic) bool {
	if under.Info()&(types.IsString|types.IsInteger) == 0 {
		return false
	}
	scope := ty.Obj().Pkg().Scope()
	values := map[string]bool{}
	for _, name := range scope.Names() {
		member, ok := scope.Lookup(name).(*types.Const)
		if !ok || !types.Identical(member.Type(), ty) {
			continue
		}
		if r.shifted[ty.Obj().Pkg().Path()+"."+name] && under.Info()&types.IsInteger != 0 {
			return false
		}
		if value := constant.ToInt(member.Val()); value.Kind() == constant.Int {
			if _, exact := constant.Int64Val(value); !exact {
				return false
			}
		}
		values[member.Val().ExactString()] = true
	}
	return len(values) > 1
}

// constraint is what a type parameter is taken for: the one type that all members of its constraint are.
func (r *reader) constraint(param *types.TypeParam) string {
	limits := param.Constraint().Underlying().(*types.Interface)
	if limits.NumExplicitMethods() > 0 || limits.NumEmbeddeds() != 1 {
		return "any"
	}
	return r.member(limits.EmbeddedType(0))
}

func (r *reader) member(ty types.Type) string {
	union, ok := ty.(*types.Union)
	if !ok {
		if limits, ok := ty.Underlying().(*types.Interface); ok {
			named, isNamed := types.Unalias(ty).(*types.Named)
			outside := isNamed && (named.Obj().Pkg() == nil || !r.inside(named.Obj().Pkg().Path()))
			if outside || limits.NumExplicitMethods() > 0 || limits.NumEmbeddeds() != 1 {
				return "any"
			}
			return r.member(limits.EmbeddedType(0))
		}
		return r.typed(ty)
	}
	words := map[string]bool{}
	for term := range union.Terms() {
		words[r.typed(term.Type())] = true
	}
	if len(words) == 2 && words["int"] && words["float"] {
		return "float"
	}
	for word := range words {
		if len(words) == 1 {
			return word
		}
	}
	return "any"
}

// notInferred is the first type parameter that arguments cannot give.
func notInferred(signature *types.Signature) string {
	given := map[*types.TypeParam]bool{}
	for param := range signature.Params().Variables() {
		mentioned(param.Type(), given, 0)
	}
	for range signature.TypeParams().Len() {
		for param := range signature.TypeParams().TypeParams() {
			limits, ok := param.Constraint().Underlying().(*types.Interface)
			if given[param] && ok && limits.NumEmbeddeds() == 1 {
				if union, ok := limits.EmbeddedType(0).(*types.Union); ok && union.Len() == 1 {
					mentioned(union.Term(0).Type(), given, 0)
				}
			}
		}
	}
	for param := range signature.TypeParams().TypeParams() {
		if !given[param] {
			return param.Obj().Name()
		}
	}
	return ""
}

func mentioned(ty types.Type, found map[*types.TypeParam]bool, depth int) {
	if depth > 30 {
		return
	}
	switch ty := ty.(type) {
	case *types.TypeParam:
		found[ty] = true
	case *types.Pointer:
		mentioned(ty.Elem(), found, depth+1)
	case *types.Slice:
		mentioned(ty.Elem(), found, depth+1)
	case *types.Array:
		mentioned(ty.Elem(), found, depth+1)
	case *types.Chan:
		mentioned(ty.Elem(), found, depth+1)
	case *types.Map:
		mentioned(ty.Key(), found, depth+1)
		mentioned(ty.Elem(), found, depth+1)
	case *types.Signature:
		for param := range ty.Params().Variables() {
			mentioned(param.Type(), found, depth+1)
		}
		for result := range ty.Results().Variables() {
			mentioned(result.Type(), found, depth+1)
		}
	case *types.Named:
		for argument := range ty.TypeArgs().Types() {
			mentioned(argument, found, depth+1)
		}
	case *types.Alias:
		mentioned(types.Unalias(ty), found, depth+1)
	}
}

// printed is a type as Go writes it, without the names of parameters; structs and interfaces are cut short.
func printed(ty types.Type) string {
	if alias, ok := ty.(*types.Alias); ok && alias.Obj().Pkg() == nil {
		return alias.Obj().Name()
	}
	switch ty := types.Unalias(ty).(type) {
	case *types.Signature:
		return "func" + tuple(ty.Params(), ty.Variadic()) + results(ty.Results())
	case *types.Pointer:
		return "*" + printed(ty.Elem())
	case *types.Slice:
		return "[]" + printed(ty.Elem())
	case *types.Array:
		return fmt.Sprintf("[%d]%s", ty.Len(), printed(ty.Elem()))
	case *types.Map:
		return "map[" + printed(ty.Key()) + "]" + printed(ty.Elem())
	case *types.Chan:
		word := map[types.ChanDir]string{types.SendRecv: "chan ", types.SendOnly: "chan<- ", types.RecvOnly: "<-chan "}
		return word[ty.Dir()] + printed(ty.Elem())
	case *types.Struct:
		if ty.NumFields() == 0 {
			return "struct{}"
		}
		return "struct{...}"
	case *types.Interface:
		if ty.Empty() {
			return "interface{}"
		}
		return "interface{...}"
	case *types.Named:
		if ty.Obj().Pkg() == nil {
			return ty.Obj().Name()
		}
		return ty.Obj().Pkg().Path() + "." + ty.Obj().Name() + arguments(ty)
	default:
		return types.TypeString(ty, nil)
	}
}

func tuple(variables *types.Tuple, variadic bool) string {
	var texts []string
	for index := range variables.Len() {
		ty := variables.At(index).Type()
		if variadic && index == variables.Len()-1 {
			texts = append(texts, "..."+printed(ty.(*types.Slice).Elem()))
			continue
		}
		texts = append(texts, printed(ty))
	}
	return "(" + strings.Join(texts, ", ") + ")"
}

func results(variables *types.Tuple) string {
	switch variables.Len() {
	case 0:
		return ""
	case 1:
		return " " + printed(variables.At(0).Type())
	default:
		return " " + tuple(variables, false)
	}
}

func record(fields map[string]string) string {
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		texts = append(texts, name+": "+fields[name])
	}
	return "{" + strings.Join(texts, ", ") + "}"
}
