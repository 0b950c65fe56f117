"""The independent reading of Python code bases: `inspect` on the imported package.

python.py list PACKAGE...   prints {"functions": [...], "left_out": [modules that cannot be imported here]}
python.py defaults          reads [{"ref", "parameter", "text"}], prints for each null or how the value differs
"""

import ast
import contextlib
import functools
import importlib
import inspect
import io
import json
import pkgutil
import sys
import textwrap
import warnings

KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: "positional only",
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "positional or keyword",
    inspect.Parameter.KEYWORD_ONLY: "keyword only",
    inspect.Parameter.VAR_POSITIONAL: "variadic",
    inspect.Parameter.VAR_KEYWORD: "variadic keyword",
}


def prepare():
    """Django's models cannot be imported before its settings are made."""
    try:
        import django
        from django.conf import settings
    except ImportError:
        return
    contrib = ("admin", "auth", "contenttypes", "flatpages", "messages", "redirects", "sessions", "sites")
    settings.configure(INSTALLED_APPS=[f"django.contrib.{app}" for app in contrib], SECRET_KEY="x", SITE_ID=1)
    django.setup()


def modules(package, left_out):
    names = [package.__name__]
    if hasattr(package, "__path__"):
        names += [
            found.name for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.", lambda _: None)
        ]
    for name in names:
        # No import statement can name a module such as `0001_initial`.
        if name.rpartition(".")[2] == "__main__" or not all(part.isidentifier() for part in name.split(".")):
            continue
        try:
            yield importlib.import_module(name)
        except BaseException as error:
            left_out.append(f"{name}: {type(error).__name__}")


def is_source(value):
    """Whether it is a function that somebody wrote down, be it behind decorators."""
    try:
        if isinstance(value, type) or not callable(value):
            return False
        inner = inspect.unwrap(value)
        return inspect.isfunction(inner) and not inner.__code__.co_filename.startswith("<")
    except Exception:  # a lazy object that fails when it is looked at
        return False


def functions(module):
    """Those that the module defines, and in a package those that it offers to others."""
    top = module.__name__.partition(".")[0]
    for name, value in list(vars(module).items()):
        if not is_source(value):
            continue
        home = inspect.unwrap(value).__module__ or ""
        offered = hasattr(module, "__path__") and not name.startswith("_") and home.partition(".")[0] == top
        if home == module.__name__ or offered:
            yield entry(f"{module.__name__}.{name}", name, "function", value, inspect.signature(value))


def classes(holder, module, seen):
    for value in list(vars(holder).values()):
        if issubclass(type(value), type) and value.__module__ == module.__name__ and value not in seen:
            seen.add(value)
            yield value
            yield from classes(value, module, seen)


def methods(module):
    for owner in classes(module, module, set()):
        if "<locals>" in owner.__qualname__ or not is_there(module, owner):
            continue
        written = body(owner)
        for name, value in vars(owner).items():
            kind = "method"
            if isinstance(value, (staticmethod, classmethod)):
                kind = "static or class method"
            elif not callable(value) or inspect.isclass(value) or isinstance(value, functools.cached_property):
                continue
            inner = getattr(value, "__func__", value)
            # What a decorator of classes has made, such as the comparisons of attrs, is not in its body.
            if not is_source(inner) or name not in written:
                continue
            signature = inspect.signature(inner)
            if not isinstance(value, staticmethod):
                signature = without_first(signature)
            if signature is not None:
                yield entry(f"{module.__name__}.{owner.__qualname__}.{name}", name, kind, inner, signature)


def body(owner):
    """The names that the class's own body binds."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(owner)))
    except (OSError, SyntaxError, TypeError):
        return set()
    bound = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            bound.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
    return bound


def is_there(module, owner):
    """Whether its name leads to it: a module may have bound the name to another class since."""
    found = module
    for part in owner.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is owner


def without_first(signature):
    parameters = list(signature.parameters.values())
    if parameters and parameters[0].kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
        return signature
    return signature.replace(parameters=parameters[1:]) if parameters else None


def entry(ref, name, kind, value, signature):
    inner = inspect.unwrap(value)
    found = {
        "ref": ref,
        "name": name,
        "kind": kind,
        "is_async": inspect.iscoroutinefunction(inner),
        "parameters": [parameter(one) for one in signature.parameters.values()],
    }
    if inspect.isgeneratorfunction(inner) or inspect.isasyncgenfunction(inner):
        outer = getattr(value, "__code__", inner.__code__)
        is_manager = outer.co_filename == contextlib.__file__
        found["refused"] = "context manager" if is_manager else "generator"
    code = inner.__code__
    if code.co_name != name or "<locals>" in inner.__qualname__:
        found["note"] = f"at run time it is `{inner.__qualname__}`, line {code.co_firstlineno} of {inner.__module__}"
    return found


def parameter(found):
    has_default = found.default is not inspect.Parameter.empty
    return {
        "name": found.name,
        "kind": KINDS[found.kind],
        "has_default": has_default,
        "default": repr(found.default) if has_default else None,
    }


def listing(packages):
    left_out, found = [], {}
    for package in packages:
        for module in modules(importlib.import_module(package), left_out):
            for one in [*functions(module), *methods(module)]:
                found[one["ref"]] = one
    return {"functions": list(found.values()), "left_out": left_out}


def resolve(ref):
    """The function, and the names that its defaults were evaluated with."""
    parts = ref.split(".")
    for split in range(len(parts) - 1, 0, -1):
        with contextlib.suppress(ImportError):
            owner = importlib.import_module(".".join(parts[:split]))
            break
    outer = {}
    for part in parts[split:-1]:
        owner = getattr(owner, part)
        private = f"_{part.lstrip('_')}__"
        own = vars(owner)
        # Inside the class the name of a private attribute is not mangled.
        outer = {**own, **{"__" + key.removeprefix(private): own[key] for key in own if key.startswith(private)}}
    value = inspect.getattr_static(owner, parts[-1])
    value = getattr(value, "__func__", value)
    return value, {**vars(importlib.import_module(inspect.unwrap(value).__module__)), **outer}


def difference(asked):
    value, names = resolve(asked["ref"])
    real = inspect.signature(value).parameters[asked["parameter"]].default
    text = asked["text"]
    try:
        ours = eval(f"({text}\n)", dict(names))
    except Exception as error:
        return f"`{text}` is not evaluated: {error!r}"
    same = ours is real or repr(ours) == repr(real) or type(ours) is type(real) and stable(ours) == stable(real)
    return None if same else f"`{text}` is {ours!r}, not {real!r}"


def stable(value):
    """A text without the addresses of objects."""
    if inspect.isfunction(value):
        return value.__code__.co_code
    return repr(value).partition(" at 0x")[0]


def main():
    warnings.simplefilter("ignore")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        prepare()
        if sys.argv[1] == "list":
            found = listing(sys.argv[2:])
        else:
            found = [difference(asked) for asked in json.load(sys.stdin)]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
