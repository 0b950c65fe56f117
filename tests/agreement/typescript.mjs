// The independent reading of TypeScript code bases: the compiler's own API over the sources that a package ships.
//
// typescript.mjs TYPESCRIPT ROOT   prints {"functions": [...], "left_out": [files that do not compile]}

import { createRequire } from "node:module";
import { readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";

const [, , compiler, root] = process.argv;
const ts = createRequire(import.meta.url)(compiler);

function sources(folder) {
  const found = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !["tests", "benchmarks", "node_modules"].includes(entry.name)) found.push(...sources(path));
    if (entry.isFile() && /\.tsx?$/.test(entry.name) && !/\.(test|spec|d)\.tsx?$/.test(entry.name)) found.push(path);
  }
  return found.sort();
}

const files = sources(join(root, "src"));
const program = ts.createProgram(files, {
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ["lib.esnext.d.ts", "lib.dom.d.ts"],
  allowImportingTsExtensions: true,
  noEmit: true,
  skipLibCheck: true,
  strict: true,
  types: [],
});
const checker = program.getTypeChecker();

const has = (node, kind) => ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some((one) => one.kind === kind);
const isOurs = (declaration) => declaration.getSourceFile().fileName.startsWith(root);
const text = (node) => node.getText();

function isPromise(type) {
  const name = type.aliasSymbol?.name ?? type.getSymbol()?.name;
  return name === "Promise" || name === "PromiseLike" || (type.getSymbol()?.name ?? "") === "Promise";
}

function isSignal(declaration) {
  if (!declaration.type) return false;
  const type = checker.getNonNullableType(checker.getTypeAtLocation(declaration.type));
  const symbol = type.getSymbol();
  return symbol?.name === "AbortSignal" && !symbol.declarations.some(isOurs);
}

// A destructured object is its fields: those of its type, or those that the pattern names.
function fields(parameter, declaration) {
  const written = new Map();
  for (const element of declaration.name.elements) {
    if (element.dotDotDotToken) continue;
    const key = element.propertyName ?? element.name;
    written.set(key.text, element.initializer);
  }
  const whole = declaration.questionToken !== undefined || declaration.initializer !== undefined;
  const entry = (name, optional) => {
    const initializer = written.get(name);
    const has_default = initializer !== undefined || optional || whole;
    return { name, kind: "keyword only", has_default, default: has_default ? (initializer ? text(initializer) : "undefined") : null };
  };
  const type = declaration.type ? checker.getNonNullableType(checker.getTypeAtLocation(declaration.type)) : undefined;
  const properties = type && (type.flags & ts.TypeFlags.Object || type.isIntersection()) ? type.getProperties() : undefined;
  if (!properties || properties.length === 0) return [...written.keys()].map((name) => entry(name, false));
  return properties.map((one) => entry(one.name, (one.flags & ts.SymbolFlags.Optional) !== 0));
}

function parameters(declaration) {
  const all = declaration.parameters.filter((one) => one.name.kind !== ts.SyntaxKind.Identifier || one.name.text !== "this");
  const apart = all.filter((one) => ts.isObjectBindingPattern(one.name)).length;
  return all.flatMap((one, index) => {
    if (ts.isObjectBindingPattern(one.name) && apart === 1 && !one.dotDotDotToken) return fields(one, one);
    const name = ts.isIdentifier(one.name) ? one.name.text : `arg${index}`;
    const has_default = one.initializer !== undefined || (one.questionToken !== undefined && !one.dotDotDotToken);
    const kind = one.dotDotDotToken ? "variadic" : isSignal(one) ? "cancellation" : "positional only";
    return [{ name, kind, has_default, default: has_default ? (one.initializer ? text(one.initializer) : "undefined") : null }];
  });
}

// What a manifest sees of a type: type parameters are what they extend, functions are functions, and what stands
// in the angle brackets of a class is not looked at.
function seen(type, depth = 0) {
  const { TypeFlags, ObjectFlags } = ts;
  if (depth > 5 || type.isThisType || type.flags & (TypeFlags.Conditional | TypeFlags.IndexedAccess)) return "any";
  if (type.flags & TypeFlags.TypeParameter) {
    const constraint = checker.getBaseConstraintOfType(type);
    return constraint && constraint !== type ? seen(constraint, depth + 1) : "any";
  }
  if (type.flags & (TypeFlags.StringLike | TypeFlags.TemplateLiteral)) return "string";
  if (type.flags & (TypeFlags.Any | TypeFlags.Unknown | TypeFlags.NonPrimitive)) return "any";
  if (type.isUnion()) {
    const members = [...new Set(type.types.map((one) => seen(one, depth + 1)))].sort();
    return members.includes("any") ? "any" : members.join("|");
  }
  const symbol = type.getSymbol();
  if (symbol && symbol.flags & ts.SymbolFlags.Class) return symbol.name;
  const args = type.flags & TypeFlags.Object && type.objectFlags & ObjectFlags.Reference ? checker.getTypeArguments(type) : [];
  if (type.getCallSignatures().length > 0) {
    const isNamed = symbol && symbol.flags & ts.SymbolFlags.Interface;
    return isNamed ? (args.length > 0 ? "any" : symbol.name) : "function";
  }
  if (symbol && args.length > 0) return `${symbol.name}<${args.map((one) => seen(one, depth + 1)).join(",")}>`;
  return checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation);
}

function shape(signature) {
  const of = (one) => `${one.name}${one.kind}${one.has_default}`;
  return parameters(signature.declaration).map(of).join(", ");
}

function typed(signature) {
  const types = signature.getParameters().map((one) => seen(checker.getTypeOfSymbol(one)));
  return `${shape(signature)} : ${types.join(", ")} : ${seen(signature.getReturnType())}`;
}

// Of the type of a value: one signature, or why there is none. `owner` is the declaration whose modifiers count.
function described(reference, kind, owners, signatures) {
  const name = reference.slice(reference.lastIndexOf(".") + 1);
  const base = { ref: reference, name, kind };
  const generator = owners.some((one) => one.asteriskToken ?? one.initializer?.asteriskToken);
  if (generator) return { ...base, refused: "generator" };
  const [first] = signatures;
  if (signatures.length > 1 && new Set(signatures.map(typed)).size > 1) {
    const alike = new Set(signatures.map(shape)).size === 1;
    const note = alike ? "the overloads differ in types only, of which a manifest sees less than the compiler" : undefined;
    return { ...base, refused: "ambiguous", note };
  }
  const declaration = first.declaration;
  const says = declaration.type && checker.getTypeFromTypeNode(declaration.type);
  const note = says && says.flags & ts.TypeFlags.TypeParameter ? "what it returns is a type argument of its class" : undefined;
  const isAsync = has(declaration, ts.SyntaxKind.AsyncKeyword) || (declaration.type !== undefined && isPromise(first.getReturnType()));
  return { ...base, is_async: isAsync, parameters: parameters(declaration), note };
}

// A constant that is made by a call has the type that the compiler infers, which nobody wrote down.
function inferred(declarations) {
  const variable = declarations.find(ts.isVariableDeclaration);
  if (!variable || variable.type || !variable.initializer) return undefined;
  let value = variable.initializer;
  while (ts.isParenthesizedExpression(value) || ts.isSatisfiesExpression(value) || ts.isAsExpression(value)) {
    if (ts.isAsExpression(value) && text(value.type) !== "const") return undefined;
    value = value.expression;
  }
  if (ts.isCallExpression(value) || ts.isNewExpression(value)) return "the result of a call";
  return undefined;
}

const functions = [];

function method(reference, kind, property, refused) {
  const declarations = (property.declarations ?? []).filter(isOurs);
  if (declarations.length === 0) return;
  const [first] = declarations;
  if (!ts.isMethodDeclaration(first) && !ts.isPropertyDeclaration(first)) return;
  const signatures = checker.getTypeOfSymbol(property).getCallSignatures();
  if (signatures.length === 0) return;
  if (has(first, ts.SyntaxKind.AbstractKeyword)) refused = "abstract";
  const hidden = [ts.SyntaxKind.PrivateKeyword, ts.SyntaxKind.ProtectedKeyword].some((one) => has(first, one));
  if (hidden || ts.isPrivateIdentifier(first.name)) return;
  if (ts.isPropertyDeclaration(first) && !first.type && !(first.initializer && ts.isFunctionLike(first.initializer))) return;
  const name = property.name;
  if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)) return;
  const found = described(`${reference}.${name}`, kind, declarations, signatures);
  const isArgument = first.type && checker.getTypeFromTypeNode(first.type).flags & ts.TypeFlags.TypeParameter;
  if (isArgument) found.note = "its type is a type argument of its class, and a function for some of them only";
  functions.push(refused ? { ref: found.ref, name, kind, refused } : found);
}

function classMembers(reference, symbol) {
  const declaration = symbol.declarations.find(ts.isClassDeclaration);
  if (!declaration) return;
  const whole = checker.getTypeOfSymbol(symbol);
  for (const property of whole.getProperties()) {
    if (property.name !== "prototype") method(reference, "static or class method", property);
  }
  const constructors = whole.getConstructSignatures().filter((one) => one.declaration && isOurs(one.declaration));
  const refused = new Set(constructors.map(typed)).size > 1 ? "ambiguous" : undefined;
  for (const property of checker.getDeclaredTypeOfSymbol(symbol).getProperties()) {
    if (!(property.flags & ts.SymbolFlags.Prototype)) method(reference, "method", property, refused);
  }
}

for (const file of files) {
  const source = program.getSourceFile(file);
  const module = checker.getSymbolAtLocation(source);
  if (!module) continue;
  const path = relative(root, file).split(sep).join("/").replace(/\.tsx?$/, "");
  for (const exported of checker.getExportsOfModule(module)) {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    const declarations = (symbol.declarations ?? []).filter(isOurs);
    if (!(symbol.flags & ts.SymbolFlags.Value) || declarations.length === 0) continue;
    const reference = `${path}.${exported.name}`;
    if (symbol.flags & ts.SymbolFlags.Class) {
      classMembers(reference, symbol);
      continue;
    }
    if (!(symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Variable))) continue;
    const signatures = checker.getTypeOfSymbol(symbol).getCallSignatures();
    if (signatures.length === 0 || !signatures[0].declaration) continue;
    const refused = inferred(declarations);
    if (refused) functions.push({ ref: reference, name: exported.name, kind: "function", refused });
    else functions.push(described(reference, "function", declarations, signatures));
  }
}

const broken = files.filter((file) => program.getSyntacticDiagnostics(program.getSourceFile(file)).length > 0);
process.stdout.write(JSON.stringify({ functions, left_out: broken }));
