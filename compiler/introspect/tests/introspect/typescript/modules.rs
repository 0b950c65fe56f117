//! How a ref and an import find their module.

use super::{show, show_text};
use crate::support::files;
use expect_test::expect;

#[test]
fn refs_by_path() {
    let text = r##"
== user.service.ts
export function find() {}
== services/users.ts
export function find() {}
export class UserService { get() {} }
== services/index.ts
export function health() {}
== services/deep.dir/x.mts
export function f() {}
== both.ts
export function f() {}
== both/index.ts
export function f() {}
export function onlyIndex() {}
== same.ts
export { f } from "./same/index";
== same/index.ts
export function f() {}
== compiled.ts
export function f(a: string) {}
== compiled.js
export function f(a) {}
== typed.js
export function f(a) {}
== typed.d.ts
export declare function f(a: string): void;
== page.tsx
export function load<T,>(id: T) { return <p title="it's">Don't {id} </p>; }
export const after = (x: string) => x;
"##;
    let refs = "user.service.find services/users.find services.users.find services/users.UserService.get
        services.users.UserService.get services.health services/index.health services/deep.dir/x.f services.deep.dir.x.f
        both.f both.onlyIndex same.f compiled.f typed.f page.load page.after ./services/users.find ts:services/users.find
        services/users.fnd services/userz.find find services..x services/";
    expect![[r#"
        ./services/users.find: services/users.find() -> any at services/users.ts:1:17 `find`
        both.f: ambiguous ["both.ts:1", "both/index.ts:1"]
        both.onlyIndex: both/index.onlyIndex() -> any at both/index.ts:2:17 `onlyIndex`
        compiled.f: compiled.f(a: string) -> any at compiled.ts:1:17 `f`
        find: not found in [], similar ["user.service.find", "services/users.find"]
        page.after: page.after(x: string) -> any at page.tsx:2:14 `after`
        page.load: page.load(id: any) -> any at page.tsx:1:17 `load`
        same.f: same.f() -> any at same/index.ts:1:17 `f`
        services..x: not found in [], similar []
        services.deep.dir.x.f: services/deep.dir/x.mjs.f() -> any at services/deep.dir/x.mts:1:17 `f`
        services.health: services/index.health() -> any at services/index.ts:1:17 `health`
        services.users.UserService.get: new UserService() services/users.UserService.get() -> any at services/users.ts:2:28 `get`
        services.users.find: services/users.find() -> any at services/users.ts:1:17 `find`
        services/: not found in [], similar []
        services/deep.dir/x.f: services/deep.dir/x.mjs.f() -> any at services/deep.dir/x.mts:1:17 `f`
        services/index.health: services/index.health() -> any at services/index.ts:1:17 `health`
        services/users.UserService.get: new UserService() services/users.UserService.get() -> any at services/users.ts:2:28 `get`
        services/users.find: services/users.find() -> any at services/users.ts:1:17 `find`
        services/users.fnd: not found in ["services/users.ts"], similar ["services/users.find"]
        services/userz.find: not found in ["services/userz.ts", "services/userz.js", "services/userz/index.ts"], similar ["services/users.find", "user.service.find"]
        ts:services/users.find: services/users.find() -> any at services/users.ts:1:17 `find`
        typed.f: typed.f(a: string) -> null at typed.d.ts:1:25 `f`
        user.service.find: user.service.find() -> any at user.service.ts:1:17 `find`
    "#]].assert_eq(&show_text(text, refs));
}

#[test]
fn barrels() {
    let text = r##"
== index.ts
export * from "./users";
export * from "./orders.js";
export { charge as pay, default as main } from "./payment";
export * as mail from "./mail";
export type { Type } from "./users";
export type * from "./types";
import * as imported from "./mail";
import defaultFunction, { send as renamed } from "./mail";
export { imported, renamed, defaultFunction };
export import viaAlias = imported.send;
export { outside } from "some-package";
export * from "another-package";
export { gone } from "./gone";
== users/index.ts
export function find(a: Type): Type { return a; }
export interface Type { id: string }
== orders.ts
export * from "./index";
export function place() {}
== payment.ts
function charge() {}
export { charge };
export default charge;
== mail.ts
export function send(to: import("./users").Type) {}
export default function boot() {}
export namespace Inner { export function nested() {} function hidden() {} export namespace Deep { export const f = () => {} } }
== types.ts
export interface Only { a: string }
"##;
    let refs = "index.find index.place index.pay index.main index.mail.send index.Type index.imported.send index.renamed
        index.defaultFunction index.viaAlias index.outside index.gone index.unknown index.Only index.mail
        mail.Inner.nested mail.Inner.hidden mail.Inner.Deep.f mail.default";
    expect![[r#"
        index.Only: an interface at types.ts:1:18 `Only`
        index.Type: an interface at users/index.ts:2:18 `Type`
        index.defaultFunction: index.defaultFunction() -> any at mail.ts:2:25 `boot`
        index.find: index.find(a: Type) -> Type at users/index.ts:1:17 `find`
        index.gone: unreadable, `index.ts` takes `gone` from `./gone`, which is not there at index.ts:13:10 `gone`
        index.imported.send: index.imported.send(to: Type) -> any at mail.ts:1:17 `send`
        index.mail: a module at mail.ts:1:1 ``
        index.mail.send: index.mail.send(to: Type) -> any at mail.ts:1:17 `send`
        index.main: index.main() -> any at payment.ts:1:10 `charge`
        index.outside: unreadable, `index.ts` takes `outside` from `some-package`, outside the project at index.ts:11:10 `outside`
        index.pay: index.pay() -> any at payment.ts:1:10 `charge`
        index.place: index.place() -> any at orders.ts:2:17 `place`
        index.renamed: index.renamed(to: Type) -> any at mail.ts:1:17 `send`
        index.unknown: not found in ["index.ts"], similar []
        index.viaAlias: index.viaAlias(to: Type) -> any at mail.ts:1:17 `send`
        mail.Inner.Deep.f: mail.Inner.Deep.f() -> any at mail.ts:3:112 `f`
        mail.Inner.hidden: not found in ["mail.ts"], similar []
        mail.Inner.nested: mail.Inner.nested() -> any at mail.ts:3:42 `nested`
        mail.default: mail.default() -> any at mail.ts:2:25 `boot`
        users/index.Type (users/index.ts:2:18 `Type`): object {id: string}
    "#]].assert_eq(&show_text(text, refs));
}

#[test]
fn configured_paths_and_packages() {
    let text = r##"
== tsconfig.json
{
  // comments are allowed
  "extends": "./config/base",
  "compilerOptions": { "paths": { "@app/*": ["./*"], "@lib": ["../lib/main.ts"], },  },
}
== config/base.json
{ "compilerOptions": { "baseUrl": "../src" } }
== src/handlers/a.ts
import { User } from "@app/models/user";
import { Other } from "models/other";
import Lib from "@lib";
import { Typed } from "typed";
import { Exported } from "@scope/exported/sub";
import type { Old } from "old/lib/deep.js";
import { Decimal } from "decimal.js";
import type { FromTypes } from "untyped";
import { Private } from "#private";
export function f(a: User, b: Other, c: Lib, d: Typed, e: Exported, f: Old, g: Decimal, h: FromTypes, i: Private) {}
== src/models/user.ts
export interface User { id: string }
== src/models/other.ts
export interface Other { id: string }
== lib/main.ts
export default interface Lib { id: string }
== package.json
{ "imports": { "#private": "./lib/private.ts" } }
== lib/private.ts
export type Private = { id: string };
== node_modules/typed/package.json
{ "types": "./types/index.d.ts", "main": "./index.js" }
== node_modules/typed/types/index.d.ts
export interface Typed { id: string }
== node_modules/@scope/exported/package.json
{ "exports": { "./*": { "types": "./dist/*.d.ts", "default": "./dist/*.js" } } }
== node_modules/@scope/exported/dist/sub.d.ts
interface Exported { id: string }
export { Exported };
== node_modules/old/lib/deep.d.ts
declare namespace Old { interface Inner { x: string } }
export interface Old { id: string; inner: Old.Inner }
== node_modules/untyped/index.js
module.exports = {};
== node_modules/@types/untyped/index.d.ts
export = ns;
declare namespace ns { interface FromTypes { id: string } }
"##;
    expect![[r#"
        src/handlers/a.f: src/handlers/a.f(a: User, b: Other, c: Lib, d: Typed, e: Exported, f: Old, g: Decimal, h: ns.FromTypes, i: Private) -> any at src/handlers/a.ts:10:17 `f`
        decimal.js.Decimal (outside): opaque
        lib/main.Lib (lib/main.ts:1:26 `Lib`): object {id: string}
        lib/private.Private (lib/private.ts:1:13 `Private`): object {id: string}
        node_modules/@scope/exported/dist/sub.Exported (node_modules/@scope/exported/dist/sub.d.ts:1:11 `Exported`): object {id: string}
        node_modules/@types/untyped/index.ns.FromTypes (node_modules/@types/untyped/index.d.ts:2:34 `FromTypes`): object {id: string}
        node_modules/old/lib/deep.Old (node_modules/old/lib/deep.d.ts:2:18 `Old`): object {id: string, inner: Old.Inner}
        node_modules/old/lib/deep.Old.Inner (node_modules/old/lib/deep.d.ts:1:35 `Inner`): object {x: string}
        node_modules/typed/types/index.Typed (node_modules/typed/types/index.d.ts:1:18 `Typed`): object {id: string}
        src/models/other.Other (src/models/other.ts:1:18 `Other`): object {id: string}
        src/models/user.User (src/models/user.ts:1:18 `User`): object {id: string}
        `User` is src/models/user.User
        `src/models/other.Other` is src/models/other.Other
    "#]].assert_eq(&show(
        &files(text),
        "src/handlers/a.f",
        &["User", "src/models/other.Other", "None"],
    ));
}

#[test]
fn cycles_end() {
    let text = r##"
== a.ts
export * from "./b";
export { c } from "./b";
export const loop = other, other = loop;
export const self = { x: self.x };
export type T = T[];
export type U = V; type V = U;
export interface Node { next: Node | null; list: Tree<Node> }
export interface Tree<T> { left: Tree<T>; value: T }
export interface X extends Y { a: string } interface Y extends X { b: string }
export class P extends Q {} class Q extends P {}
export function f(t: T, u: U, n: Node, tree: Tree<string>, x: X): Promise<U> { return null!; }
== b.ts
export * from "./a";
export { c } from "./a";
"##;
    let refs = "a.c b.c a.nothing a.loop a.self.x a.P.run b.f";
    expect![[r#"
        a.P.run: not found in ["a.ts"], similar []
        a.c: not found in ["a.ts"], similar ["a.f"]
        a.loop: a constant at a.ts:3:14 `loop`
        a.nothing: not found in ["a.ts"], similar []
        a.self.x: not found in ["a.ts"], similar []
        b.c: not found in ["b.ts"], similar ["a.f"]
        b.f: async b.f(t: list<any>, u: any, n: Node, tree: {left: any, value: string}, x: X) -> any at a.ts:11:17 `f`
        a.Node (a.ts:7:18 `Node`): object {next: Node?, list: {left: any, value: Node}}
        a.X (a.ts:9:18 `X`): opaque
    "#]].assert_eq(&show_text(text, refs));
}
