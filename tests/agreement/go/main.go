// Command agreement reads a Go module with go/types and prints its exported functions and methods as JSON.
//
// It shares no code with the introspection that it is compared with: it implements docs/types.md on go/types.
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"log"
	"os"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// Parameter is one parameter of a function.
type Parameter struct {
	Name       string  `json:"name"`
	Kind       string  `json:"kind"`
	HasDefault bool    `json:"has_default"`
	Default    *string `json:"default"`
	Type       string  `json:"type"`
}

// Function is a function or method as it could be called.
type Function struct {
	Ref          string      `json:"ref"`
	Name         string      `json:"name"`
	Kind         string      `json:"kind"`
	IsAsync      bool        `json:"is_async"`
	Parameters   []Parameter `json:"parameters"`
	Returns      *string     `json:"returns,omitempty"`
	ReturnsError bool        `json:"returns_error"`
	// What makes the object of a method; empty where nothing does.
	Receiver *string `json:"receiver,omitempty"`
	Refused  string  `json:"refused,omitempty"`
}

// Listing is what the module has.
type Listing struct {
	Functions []Function `json:"functions"`
	LeftOut   []string   `json:"left_out"`
}

// reader holds what go/types does not say: which constants are made by shifts.
type reader struct {
	shifted map[string]bool
	// Packages whose sources lie in the project's folder.
	inside func(path string) bool
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: agreement DIR")
	}
	listing, err := list(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(listing); err != nil {
		log.Fatal(err)
	}
}

func list(dir string) (*Listing, error) {
	config := &packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedDeps |
			packages.NeedTypes | packages.NeedSyntax | packages.NeedTypesInfo | packages.NeedModule,
		Dir: dir,
		Env: append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=1", "GOWORK=off"),
	}
	loaded, err := packages.Load(config, "./...")
	if err != nil {
		return nil, err
	}
	read := &reader{shifted: map[string]bool{}}
	modules := map[string]bool{}
	packages.Visit(loaded, nil, func(p *packages.Package) {
		if p.Module != nil && (p.Module.Main || hasFilesIn(p, dir)) {
			modules[p.PkgPath] = true
		}
		for _, file := range p.Syntax {
			read.shifts(p.PkgPath, file)
		}
	})
	read.inside = func(path string) bool { return modules[path] }
	listing := &Listing{Functions: []Function{}, LeftOut: []string{}}
	for _, p := range loaded {
		if len(p.Errors) > 0 {
			listing.LeftOut = append(listing.LeftOut, fmt.Sprint(p.PkgPath, ": ", p.Errors[0]))
			continue
		}
		if p.Module == nil || !p.Module.Main || p.Name == "main" {
			continue
		}
		listing.Functions = append(listing.Functions, read.functions(p.Types, p.Module.Path)...)
	}
	return listing, nil
}

func hasFilesIn(p *packages.Package, dir string) bool {
	return len(p.GoFiles) > 0 && strings.HasPrefix(p.GoFiles[0], dir+"/")
}

// shifts remembers constants whose values are written with `<<`, by repetition too.
func (r *reader) shifts(path string, file *ast.File) {
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		var values []ast.Expr
		for _, spec := range group.Specs {
			spec := spec.(*ast.ValueSpec)
			if len(spec.Values) > 0 {
				values = spec.Values
			}
			for index, name := range spec.Names {
				if index >= len(values) {
					continue
				}
				ast.Inspect(values[index], func(node ast.Node) bool {
					if binary, ok := node.(*ast.BinaryExpr); ok && binary.Op == token.SHL {
						r.shifted[path+"."+name.Name] = true
					}
					return true
				})
			}
		}
	}
}

func (r *reader) functions(p *types.Package, module string) []Function {
	var found []Function
	ref := strings.TrimPrefix(strings.TrimPrefix(p.Path(), module), "/")
	if ref == "" {
		ref = p.Name()
	}
	scope := p.Scope()
	for _, name := range scope.Names() {
		object := scope.Lookup(name)
		if !object.Exported() {
			continue
		}
		switch object := object.(type) {
		case *types.Func:
			function := Function{Ref: ref + "." + name, Name: name, Kind: "function", Parameters: []Parameter{}}
			found = append(found, r.described(function, object.Type().(*types.Signature)))
		case *types.TypeName:
			if object.IsAlias() {
				continue
			}
			if named, ok := object.Type().(*types.Named); ok {
				found = append(found, r.methods(ref, p, named)...)
			}
		}
	}
	return found
}

func (r *reader) methods(ref string, p *types.Package, named *types.Named) []Function {
	var found []Function
	name := named.Obj().Name()
	reach := types.Type(types.NewPointer(named))
	if types.IsInterface(named) {
		reach = named
	}
	set := types.NewMethodSet(reach)
	for index := range set.Len() {
		method := set.At(index).Obj().(*types.Func)
		if !method.Exported() {
			continue
		}
		function := Function{Ref: ref + "." + name + "." + method.Name(), Name: method.Name(), Kind: "method", Parameters: []Parameter{}}
		signature := set.At(index).Type().(*types.Signature)
		switch {
		case method.Pkg() == nil || !r.inside(method.Pkg().Path()):
			function.Refused = "lies outside"
		default:
			function = r.described(function, signature)
			maker := maker(p, named)
			function.Receiver = &maker
		}
		found = append(found, function)
	}
	return found
}

// maker is what makes an object: a function `New...`, or the struct itself where a literal would do.
func maker(p *types.Package, named *types.Named) string {
	name := named.Obj().Name()
	if named.TypeParams().Len() > 0 {
		return ""
	}
	var makers []string
	for _, candidate := range p.Scope().Names() {
		function, ok := p.Scope().Lookup(candidate).(*types.Func)
		if ok && strings.HasPrefix(candidate, "New") && makes(function.Signature(), named) {
			makers = append(makers, candidate)
		}
	}
	for _, wanted := range []string{"New" + name, "New"} {
		if slices.Contains(makers, wanted) {
			return wanted
		}
	}
	switch len(makers) {
	case 0:
		return literal(named)
	case 1:
		return makers[0]
	default:
		return ""
	}
}

func makes(signature *types.Signature, named *types.Named) bool {
	results := signature.Results()
	fits := results.Len() == 1 || results.Len() == 2 && isError(results.At(1).Type())
	if !fits || signature.TypeParams().Len() > 0 {
		return false
	}
	made := types.Unalias(results.At(0).Type())
	if pointer, ok := made.(*types.Pointer); ok {
		made = types.Unalias(pointer.Elem())
	}
	return types.Identical(made, named)
}

// literal is the struct's name unless a field that only its package can set would be nil.
func literal(named *types.Named) string {
	fields, ok := named.Underlying().(*types.Struct)
	if !ok {
		return ""
	}
	for field := range fields.Fields() {
		if field.Embedded() || field.Exported() {
			continue
		}
		switch field.Type().Underlying().(type) {
		case *types.Basic, *types.Struct, *types.Array:
		default:
			return ""
		}
	}
	return named.Obj().Name()
}

func (r *reader) described(function Function, signature *types.Signature) Function {
	if lost := notInferred(signature); lost != "" {
		function.Refused = "`" + lost + "` cannot be inferred"
		return function
	}
	results := signature.Results()
	values := results.Len()
	if values > 0 && isError(results.At(values-1).Type()) {
		function.ReturnsError = true
		values--
	}
	fields := map[string]string{}
	returns := "null"
	for index := range values {
		result := results.At(index)
		if isError(result.Type()) {
			function.Refused = "not its last result"
			return function
		}
		ty := result.Type()
		// A pointer beside an error is never nil where the error is.
		if pointer, ok := ty.(*types.Pointer); ok && function.ReturnsError {
			ty = pointer.Elem()
		}
		returns = r.typed(ty)
		fields[result.Name()] = returns
		if values > 1 && (result.Name() == "" || result.Name() == "_") {
			function.Refused = "several values without names"
		}
	}
	if function.Refused != "" {
		return function
	}
	if values > 1 {
		returns = record(fields)
	}
	function.Returns = &returns
	function.Parameters = r.parameters(signature)
	// What takes a context ends when its call is cancelled.
	function.IsAsync = slices.ContainsFunc(function.Parameters, func(p Parameter) bool { return p.Kind == "cancellation" })
	return function
}

func (r *reader) parameters(signature *types.Signature) []Parameter {
	found := []Parameter{}
	for index := range signature.Params().Len() {
		param := signature.Params().At(index)
		name, kind, ty := param.Name(), "positional only", param.Type()
		if name == "" || name == "_" {
			name = fmt.Sprint("arg", index)
		}
		if signature.Variadic() && index == signature.Params().Len()-1 {
			kind, ty = "variadic", ty.(*types.Slice).Elem()
		}
		text := "any"
		if types.TypeString(types.Unalias(ty), nil) == "context.Context" && kind != "variadic" {
			kind = "cancellation"
		} else {
			text = r.typed(ty)
		}
		found = append(found, Parameter{Name: name, Kind: kind, Type: text})
	}
	return found
}

func isError(ty types.Type) bool {
	return types.Identical(types.Unalias(ty), types.Universe.Lookup("error").Type())
}
