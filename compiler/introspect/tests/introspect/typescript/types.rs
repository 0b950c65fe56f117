//! What a type of the source becomes.

use super::{show, show_text};
use crate::support::files;
use expect_test::expect;

#[test]
fn types_of_parameters_and_results() {
    let text = r#"
== a.ts
export function simple(a: string, b: number, c: boolean, d: bigint, e: null, f: undefined, g: void, h: any, i: unknown, j: object, k: never, l: symbol) {}
export function literals(a: "x" | "y", b: 1 | 2, c: 1.5, d: true, e: `a${string}`, f: -1, g: 10n) {}
export function nullable(a: string | null, b?: string, c?: string | undefined | null, d: Date | undefined) {}
export function lists(a: string[], b: readonly number[], c: Array<Date>, d: ReadonlyArray<string | null>, e: [string, number?], f: [a: string, ...rest: boolean[]], g: []) {}
export function maps(a: Record<string, number>, b: { [key: string]: Date }, c: Record<"x" | "y", boolean>, d: Map<string, number>, e: { [K in string]: bigint }, f: Set<string>) {}
export function records(a: { id: string; n?: number; readonly d: Date }, b: { a: string } & { b: string }, c: Partial<User>, d: Pick<User, "id">, e: Omit<User, "id" | "n">, f: Required<User>, g: Readonly<User>, h: NonNullable<User | null>) {}
export function lookups(a: User["id"], b: User["n"], c: keyof User, d: typeof x, e: User[keyof User], f: Promise<string>, g: Uint8Array, h: Buffer) {}
export function functions(a: () => void, b: new () => User, c: { (x: string): void }, d: Function, e: { m(): void }) {}
export function number(): number { return 1; }
export function numbers(): Promise<number[]> { return null!; }
export function conditional(a: User extends string ? 1 : 2, b: unique symbol, c: this, d: `x${string}`[], e: UserId, f: number & { brand: 1 }) {}
type UserId = string & { readonly __brand: "UserId" };
export function deep(a: string[][][], b: Array<Record<string, Array<{ a: number }>>>) {}
interface User { id: string; n?: number; name: string | null }
const x = 1;
"#;
    let refs = "a.simple a.literals a.nullable a.lists a.maps a.records a.lookups a.functions a.number a.numbers a.conditional a.deep";
    expect![[r#"
        a.conditional: a.conditional(a: any, b: any, c: any, d: list<string>, e: string, f: int | float) -> any at a.ts:11:17 `conditional`
        a.deep: a.deep(a: list<list<list<string>>>, b: list<map<string, list<{a: int | float}>>>) -> any at a.ts:13:17 `deep`
        a.functions: a.functions(a: Function, b: any, c: Function, d: Function, e: any) -> any at a.ts:8:17 `functions`
        a.lists: a.lists(a: list<string>, b: list<int | float>, c: list<timestamp>, d: list<string?>, e: list<int | float | string>, f: list<bool | string>, g: list<any>) -> any at a.ts:4:17 `lists`
        a.literals: a.literals(a: string, b: int, c: int | float, d: bool, e: string, f: int, g: int) -> any at a.ts:2:17 `literals`
        a.lookups: a.lookups(a: string, b: (int | float)?, c: string, d: any, e: any, f: string, g: bytes, h: bytes) -> any at a.ts:7:17 `lookups`
        a.maps: a.maps(a: map<string, int | float>, b: map<string, timestamp>, c: {x: bool, y: bool}, d: Map, e: map<string, int>, f: Set) -> any at a.ts:5:17 `maps`
        a.nullable: a.nullable(a: string?, b: string? = undefined, c: string? = undefined, d: timestamp?) -> any at a.ts:3:17 `nullable`
        a.number: a.number() -> float at a.ts:9:17 `number`
        a.numbers: async a.numbers() -> list<float> at a.ts:10:17 `numbers`
        a.records: a.records(a: {d: timestamp, id: string, n: (int | float)?}, b: {a: string, b: string}, c: {id: string?, n: (int | float)?, name: string?}, d: {id: string}, e: {name: string?}, f: {id: string, n: int | float, name: string?}, g: User, h: User) -> any at a.ts:6:17 `records`
        a.simple: a.simple(a: string, b: int | float, c: bool, d: int, e: null, f: null, g: null, h: any, i: any, j: any, k: null, l: any) -> any at a.ts:1:17 `simple`
        Function (outside): opaque
        Map (outside): opaque
        Set (outside): opaque
        a.User (a.ts:14:11 `User`): object {id: string, n?: float, name: string?}
    "#]].assert_eq(&show_text(text, refs));
}

#[test]
fn definitions() {
    let text = r#"
== a.ts
import { Money } from "./money";
export interface Base { id: string; createdAt: Date }
export interface User extends Base, Partial<Named> { email?: string; address: Address | null; tags: string[]; money: Money; get full(): string }
interface Named { name: string }
export interface User { merged: boolean }
export type Address = { street: string; geo?: { lat: number; lon: number } };
export type Alias = Omit<User, "id">;
export type Both = Address & Named;
export type Id = string | number;
export type Dictionary = { [key: string]: Address };
export interface Dict { [key: string]: Address }
export interface WithIndex { id: string; [key: string]: unknown }
export interface Repository { find(id: string): User }
export interface Callback { run: () => void }
export type Page<T, K extends string = string> = { items: T[]; next?: K };
export interface Result<T> { value: T; errors: Array<Result<T>> }
export class Dto { id!: string; count = 0; note?: string; static all: Dto[] = [] }
export class Point { constructor(public readonly x: number, public y: number = 0) {} }
export class Service { constructor(private db: string) {} run() {} }
export class Derived extends Dto { extra: boolean }
export enum Color { Red, Green = 5, Blue, Same = Green }
export enum State { Paid = "paid", "is-open" = "open" }
export const enum Flag { A = 1 << 2, B = 0x10, C = -1 }
export enum Mixed { A = "a", B = 1 }
export enum Computed { A = f(), B }
export function f(u: User, a: Alias, both: Both, i: Id, d: Dictionary, e: Dict, w: WithIndex, r: Repository, c: Callback,
  p: Page<User>, q: Page<string, "x">, s: Result<User>, dto: Dto, point: Point, service: Service, derived: Derived,
  color: Color, state: State.Paid, flag: Flag, mixed: Mixed, computed: Computed): Page<Address> { return null!; }
== money.d.ts
export declare class Money { constructor(n: string); plus(m: Money): Money; }
"#;
    expect![[r#"
        a.f: a.f(u: User, a: Alias, both: Both, i: int | float | string, d: map<string, Address>, e: map<string, Address>, w: WithIndex, r: Repository, c: Callback, p: {items: list<User>, next: string?}, q: {items: list<string>, next: string?}, s: {errors: list<any>, value: User}, dto: Dto, point: Point, service: Service, derived: Derived, color: Color, state: State, flag: Flag, mixed: Mixed, computed: Computed) -> {items: list<Address>, next: string?} at a.ts:26:17 `f`
        a.Address (a.ts:6:13 `Address`): object {street: string, geo?: {lat: float, lon: float}}
        a.Alias (a.ts:7:13 `Alias`): object {createdAt: timestamp, name?: string, email?: string, address: Address?, tags: list<string>, money: Money, full: string, merged: bool}
        a.Base (a.ts:2:18 `Base`): object {id: string, createdAt: timestamp}
        a.Both (a.ts:8:13 `Both`): object {street: string, geo?: {lat: float, lon: float}, name: string}
        a.Callback (a.ts:14:18 `Callback`): opaque
        a.Color (a.ts:21:13 `Color`): enum Int Red=0 Green=5 Blue=6
        a.Computed (a.ts:25:13 `Computed`): opaque
        a.Derived (a.ts:20:14 `Derived`): class {id: string, count?: float, note?: string, extra: bool}
        a.Dto (a.ts:17:14 `Dto`): class {id: string, count?: float, note?: string}
        a.Flag (a.ts:23:19 `Flag`): enum Int A=4 B=16 C=-1
        a.Mixed (a.ts:24:13 `Mixed`): opaque
        a.Page (a.ts:15:13 `Page`): object {items: list<any>, next?: string}
        a.Point (a.ts:18:14 `Point`): class {x: float, y?: float}
        a.Repository (a.ts:13:18 `Repository`): opaque
        a.Service (a.ts:19:14 `Service`): opaque
        a.State (a.ts:22:13 `State`): enum String Paid="paid" is-open="open"
        a.User (a.ts:3:18 `User`): object {id: string, createdAt: timestamp, name?: string, email?: string, address: Address?, tags: list<string>, money: Money, full: string, merged: bool}
        a.WithIndex (a.ts:12:18 `WithIndex`): opaque
        money.Money (money.d.ts:1:22 `Money`): opaque
        `Base` is a.Base
        `Color` is a.Color
        `User` is a.User
        `a.Page` is a.Page
    "#]].assert_eq(&show(&files(text), "a.f", &["User", "Color", "Base", "a.Page", "Nothing"]));
}

#[test]
fn names_of_the_standard_library_can_be_shadowed() {
    let text = r#"
== a.ts
class Date { day: number }
interface AbortSignal { x: string }
type Promise<T> = T[];
export function f(a: Date, b: AbortSignal): Promise<string> { return null!; }
== b.ts
export function f(a: Date, b: AbortSignal | undefined, { signal, id }: { id: string; signal?: AbortSignal }): Promise<string> { return null!; }
"#;
    expect![[r#"
        a.f: a.f(a: Date, b: AbortSignal) -> list<string> at a.ts:4:17 `f`
        b.f: async b.f(a: timestamp, cancellation b: AbortSignal?, field id: string, field signal: AbortSignal? = undefined) -> string at b.ts:1:17 `f`
        AbortSignal (outside): opaque
        a.AbortSignal (a.ts:2:11 `AbortSignal`): object {x: string}
        a.Date (a.ts:1:7 `Date`): class {day: float}
    "#]].assert_eq(&show_text(text, "a.f b.f"));
}
