//! The forms that a function or method can have.

use super::show_text;
use expect_test::expect;

pub const FUNCTIONS: &str = r#"
== a.ts
/**
 * Finds a user.
 *
 * @param userId whose
 */
export async function getUserById(userId: string, signal?: AbortSignal): Promise<User | null> { return null; }
export const arrow = async (x: number, y = 1, z: string = "a, b", ...rest: readonly string[]): Promise<void> => {};
export const short = x => x, second = function named(a?: boolean) {};
export default function (a: string) {}
export function* generates() {}
export const asyncGenerates = async function* () {};
export function generic<T extends string, U = number, const V extends readonly T[] = []>(a: T, b: U, c: V): T[] { return []; }
export function taken({ id, limit = 10, "odd-name": odd, ...rest }: { id: string; limit?: number; odd?: boolean }, after: string) {}
export function untyped({ a, b: renamed = 2 }, [c, d]) {}
export function named({ from, to }: Range = {}) {}
export function two({ a }: X, { b }: X) {}
export function guard(this: Window, x: unknown): x is string { return true; }
export function asserts(x: unknown): asserts x is string {}
export function thenable(): PromiseLike<string[]> { return null!; }
export function later(): Later { return null!; }
type Later = Promise<number>;
interface Range { from: Date; to?: Date }
export function $dollar_1(класс: string, of: string, type: string, async: number, await_: string) {}
export declare function declared(a: string): void;
export const typed: Handler = async (event) => {};
export const typedInline: (a: string, b?: number) => Promise<boolean> = wrap(() => {});
type Handler = (event: { id: string }) => Promise<void>;
export const cast = ((x) => x) as (x: string) => string;
export const checked = ((x: string) => x) satisfies Handler;
export const constant = 1;
export const called = wrap(() => {});
export const alias = getUserById;
function hidden() {}
export const object = { method(a: string) {}, arrow: async () => {}, short: 1, deeper: { f(x: boolean) {} }, get acc() { return 1; }, getUserById, alias };
export class User { name!: string }
"#;

#[test]
fn functions() {
    let refs = "a.getUserById a.arrow a.short a.second a.default a.generates a.asyncGenerates a.generic a.taken a.untyped
        a.named a.two a.guard a.asserts a.thenable a.later a.$dollar_1 a.declared a.typed a.typedInline a.cast a.checked a.constant a.called
        a.alias a.hidden a.object a.object.method a.object.arrow a.object.short a.object.deeper.f a.object.acc
        a.object.getUserById a.User a.Handler a.nothing";
    expect![[r#"
        a.$dollar_1: a.$dollar_1(класс: string, of: string, type: string, async: int | float, await_: string) -> any at a.ts:23:17 `$dollar_1`
        a.Handler: a type at a.ts:27:6 `Handler`
        a.User: a class at a.ts:35:14 `User`
        a.alias: async a.alias(userId: string, cancellation signal: AbortSignal? = undefined) -> User? at a.ts:6:23 `getUserById` "Finds a user."
        a.arrow: async a.arrow(x: int | float, y: int | float = 1, z: string = "a, b", ...rest: string) -> null at a.ts:7:14 `arrow`
        a.asserts: a.asserts(x: any) -> null at a.ts:18:17 `asserts`
        a.asyncGenerates: an async generator function at a.ts:11:14 `asyncGenerates`
        a.called: the result of a call at a.ts:31:14 `called`
        a.cast: a.cast(x: string) -> string at a.ts:28:14 `cast`
        a.checked: a.checked(x: string) -> any at a.ts:29:14 `checked`
        a.constant: a constant at a.ts:30:14 `constant`
        a.declared: a.declared(a: string) -> null at a.ts:24:25 `declared`
        a.default: a.default(a: string) -> any at a.ts:9:16 `function (a: string) {}`
        a.generates: a generator function at a.ts:10:18 `generates`
        a.generic: a.generic(a: string, b: any, c: list<string>) -> list<string> at a.ts:12:17 `generic`
        a.getUserById: async a.getUserById(userId: string, cancellation signal: AbortSignal? = undefined) -> User? at a.ts:6:23 `getUserById` "Finds a user."
        a.guard: a.guard(x: any) -> bool at a.ts:17:17 `guard`
        a.hidden: a function that is not exported at a.ts:33:10 `hidden`
        a.later: async a.later() -> float at a.ts:20:17 `later`
        a.named: a.named(field from: timestamp = undefined, field to: timestamp? = undefined) -> any at a.ts:15:17 `named`
        a.nothing: not found in ["a.ts"], similar []
        a.object: an object at a.ts:34:14 `object`
        a.object.acc: a constant at a.ts:34:14 `object`
        a.object.arrow: async a.object.arrow() -> any at a.ts:34:54 `async () => {}`
        a.object.deeper.f: a.object.deeper.f(x: bool) -> any at a.ts:34:90 `f`
        a.object.getUserById: async a.object.getUserById(userId: string, cancellation signal: AbortSignal? = undefined) -> User? at a.ts:6:23 `getUserById` "Finds a user."
        a.object.method: a.object.method(a: string) -> any at a.ts:34:25 `method`
        a.object.short: a constant at a.ts:34:14 `object`
        a.second: a.second(a: bool? = undefined) -> any at a.ts:8:30 `second`
        a.short: a.short(x) -> any at a.ts:8:14 `short`
        a.taken: a.taken(field id: string, field limit: (int | float)? = 10, field odd: bool? = undefined, after: string) -> any at a.ts:13:17 `taken`
        a.thenable: async a.thenable() -> list<string> at a.ts:19:17 `thenable`
        a.two: a.two(arg0: X, arg1: X) -> any at a.ts:16:17 `two`
        a.typed: async a.typed(event: {id: string}) -> null at a.ts:25:14 `typed`
        a.typedInline: async a.typedInline(a: string, b: (int | float)? = undefined) -> bool at a.ts:26:14 `typedInline`
        a.untyped: a.untyped(field a, field b = 2, arg1) -> any at a.ts:14:17 `untyped`
        AbortSignal (outside): opaque
        X (outside): opaque
        a.User (a.ts:35:14 `User`): class {name: string}
    "#]].assert_eq(&show_text(FUNCTIONS, refs));
}

const METHODS: &str = r#"
== a.ts
import { Base } from "./base";
export class Users<T extends string> extends Base<T> {
  constructor(private readonly db: Db, protected table = "users") { super(); }
  async get(id: T): Promise<User> { return null!; }
  static async open(url: string): Promise<Users<string>> { return null!; }
  /** Arrow. */
  arrow = async (id: string): Promise<void> => {};
  typed: (id: string) => boolean = () => true;
  private secret() {}
  #hash() {}
  get size() { return 1; }
  *each() {}
  count = 1;
  over(a: string): void;
  over(a: number): void;
  over(a: any) {}
  same(a: string): void;
  same(a: string): void {}
}
export interface Db { url: string }
export interface User { id: string }
export abstract class Shape { abstract area(): number; static unit(): Shape { return null!; } round() {} }
export class Single { private constructor() {} static get(): Single { return null!; } use() {} }
export class Many { constructor(a: string); constructor(a: number); constructor(a: any) {} run() {} }
export class Plain { run(a: string) {} static make(n: number): Plain { return null!; } static also = helper; }
function helper(b: boolean) {}
export const make = Plain.make;
export const run = Plain.run;
export default class { run(a: string) {} }
export const Anonymous = class { run() {} };
== base.ts
export class Base<K> { inherited(key: K): K { return key; } static make() {} }
"#;

#[test]
fn methods() {
    let refs = "a.Users.get a.Users.open a.Users.arrow a.Users.typed a.Users.secret a.Users.#hash a.Users.size a.Users.each
        a.Users.count a.Users.over a.Users.same a.Users.inherited a.Users.make a.Users.constructor a.Users.none
        a.Shape.area a.Shape.unit a.Shape.round a.Single.get a.Single.use a.Many.run a.Plain.run a.Plain.also a.make a.run a.default.run a.Anonymous.run";
    expect![[r#"
        a.Anonymous.run: new Anonymous() a.Anonymous.run() -> any at a.ts:30:34 `run`
        a.Many.run: ambiguous ["a.ts:24", "a.ts:24"]
        a.Plain.also: a.Plain.also(b: bool) -> any at a.ts:26:10 `helper`
        a.Plain.run: new Plain() a.Plain.run(a: string) -> any at a.ts:25:22 `run`
        a.Shape.area: an abstract method at a.ts:22:40 `area`
        a.Shape.round: unmade: a method of an abstract class, of which nothing makes an object: a.Shape.round() -> any at a.ts:22:95 `round`
        a.Shape.unit: a.Shape.unit() -> Shape at a.ts:22:63 `unit`
        a.Single.get: a.Single.get() -> Single at a.ts:23:55 `get`
        a.Single.use: unmade: a method of a class whose constructor is not public: a.Single.use() -> any at a.ts:23:87 `use`
        a.Users.#hash: a private or protected method at a.ts:10:3 `#hash`
        a.Users.arrow: new Users(db: Db, table: string = "users") async a.Users.arrow(id: string) -> null at a.ts:7:3 `arrow` "Arrow."
        a.Users.constructor: a constructor at a.ts:3:3 `constructor`
        a.Users.count: a property, not a method at a.ts:13:3 `count`
        a.Users.each: a generator function at a.ts:12:4 `each`
        a.Users.get: new Users(db: Db, table: string = "users") async a.Users.get(id: string) -> User at a.ts:4:9 `get`
        a.Users.inherited: new Users(db: Db, table: string = "users") a.Users.inherited(key: string) -> string at base.ts:1:24 `inherited`
        a.Users.make: a.Users.make() -> any at base.ts:1:68 `make`
        a.Users.none: not found in ["a.ts"], similar []
        a.Users.open: async a.Users.open(url: string) -> Users at a.ts:5:16 `open`
        a.Users.over: ambiguous ["a.ts:14", "a.ts:15"]
        a.Users.same: new Users(db: Db, table: string = "users") a.Users.same(a: string) -> null at a.ts:17:3 `same`
        a.Users.secret: a private or protected method at a.ts:9:11 `secret`
        a.Users.size: a property, not a method at a.ts:11:7 `size`
        a.Users.typed: new Users(db: Db, table: string = "users") a.Users.typed(id: string) -> bool at a.ts:8:3 `typed`
        a.default.run: new default() a.default.run(a: string) -> any at a.ts:29:24 `run`
        a.make: a.make(n: int | float) -> Plain at a.ts:25:47 `make`
        a.run: a method without its object at a.ts:25:22 `run`
        a.Db (a.ts:20:18 `Db`): object {url: string}
        a.Plain (a.ts:25:14 `Plain`): opaque
        a.Shape (a.ts:22:23 `Shape`): opaque
        a.Single (a.ts:23:14 `Single`): opaque
        a.User (a.ts:21:18 `User`): object {id: string}
        a.Users (a.ts:2:14 `Users`): opaque
    "#]].assert_eq(&show_text(METHODS, refs));
}

#[test]
fn overloads() {
    let text = r#"
== a.ts
export function differ(a: string): string;
export function differ(a: number, b?: boolean): number;
export function differ(a: any, b?: any): any {}
/** The only one. */
export function single(a: string): string;
export function single(a: any): any {}
export function agreeing<T>(a: string): T[];
export function agreeing<U>(a: string): U[];
export function agreeing(a: any): any {}
export const typed: { (a: string): string; (a: number): number } = null!;
export function twice(a: string) {}
export function twice(b: number) {}
== b.d.ts
export declare function ambient(a: string): void;
export declare function ambient(b: string): void;
"#;
    expect![[r#"
        a.agreeing: a.agreeing(a: string) -> list<any> at a.ts:7:17 `agreeing`
        a.differ: ambiguous ["a.ts:1", "a.ts:2"]
        a.single: a.single(a: string) -> string at a.ts:5:17 `single` "The only one."
        a.twice: ambiguous ["a.ts:11", "a.ts:12"]
        a.typed: ambiguous ["a.ts:10", "a.ts:10"]
        b.ambient: ambiguous ["b.d.ts:1", "b.d.ts:2"]
    "#]]
    .assert_eq(&show_text(text, "a.differ a.single a.agreeing a.typed a.twice b.ambient"));
}

#[test]
fn annotations() {
    let text = r#"
== a.ts
/**
 * Charges.
 * @conductor task charge effect=write idempotent
 */
export async function charge(amount: string): Promise<void> {}
// conductor: task fetch_user effect=read
export const fetchUser = async (id: string) => {};
export class Mail {
  // conductor: task send
  send() {}
}
// conductor: task nothing
const x = 1;
export function plain() {}
"#;
    expect![[r#"
        a.Mail.send: new Mail() a.Mail.send() -> any at a.ts:10:3 `send` annotated
        a.charge: async a.charge(amount: string) -> null at a.ts:5:23 `charge` "Charges." annotated
        a.fetchUser: async a.fetchUser(id: string) -> any at a.ts:7:14 `fetchUser` annotated
        a.plain: a.plain() -> any at a.ts:14:17 `plain`
    "#]]
    .assert_eq(&show_text(text, "a.charge a.fetchUser a.Mail.send a.plain"));
}
