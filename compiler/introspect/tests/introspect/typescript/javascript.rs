//! JavaScript, with its types in comments and its CommonJS modules.

use super::show_text;
use expect_test::expect;

#[test]
fn types_in_comments() {
    let text = r#"
== a.js
/**
 * Finds users.
 *
 * @param {string} name - whose
 * @param {number} [limit=10] at most
 * @param {?Date} since
 * @param {{deep: boolean, tags?: string[]}} options
 * @param {...string} rest
 * @returns {Promise<User[]>}
 */
export async function find(name, limit, since, options, ...rest) {}

/**
 * @typedef {Object} User
 * @property {string} id
 * @property {number} [age]
 * @property {Array.<string>} tags
 */
/** @typedef {"a" | "b"} Kind */
/** @typedef {import("./b.js").Order} Order */

/**
 * @param {Object} options
 * @param {string} options.id
 * @param {boolean} [options.deep=true]
 * @param {Kind} kind
 */
export function nested({ id, deep = true }, kind) {}

/** @param {Order} order @returns {void} */
export const arrow = (order) => {};

/** @type {(id: string, n?: number) => Promise<boolean>} */
export const typed = async (id, n) => true;

/**
 * @template T
 * @param {T} a
 * @param {Object<string, number>} map
 * @param {*} any
 * @param {!Date} sure
 * @param {number=} maybe
 * @param {string|undefined} opt
 * @param {Record<} broken
 * @returns {T}
 */
export function odd(a, map, any, sure, maybe, opt, broken) {}

export function plain(a, b = 1) {}

export class Shop {
  /** @param {string} url */
  constructor(url) { this.url = url; }
  /** @returns {Promise<number>} */
  async count() {}
  /** @param {AbortSignal} signal */
  static wait(signal) {}
}
== b.js
/** @typedef {{ id: string, total: number }} Order */
export {};
"#;
    let refs = "a.find a.nested a.arrow a.typed a.odd a.plain a.Shop.count a.Shop.wait";
    expect![[r#"
        a.Shop.count: new Shop(url: string) async a.Shop.count() -> float at a.js:55:9 `count`
        a.Shop.wait: a.Shop.wait(cancellation signal: AbortSignal) -> any at a.js:57:10 `wait`
        a.arrow: a.arrow(order: Order) -> any at a.js:31:14 `arrow`
        a.find: async a.find(name: string, limit: (int | float)? = 10, since: timestamp?, options: {deep: bool, tags: list<string>?}, ...rest: string) -> list<User> at a.js:11:23 `find` "Finds users."
        a.nested: a.nested(field id: string, field deep: bool? = true, kind: string) -> any at a.js:28:17 `nested`
        a.odd: a.odd(a: any, map: map<string, int | float>, any: any, sure: timestamp, maybe: (int | float)? = undefined, opt: string?, broken) -> any at a.js:47:17 `odd`
        a.plain: a.plain(a, b: int | float = 1) -> any at a.js:49:17 `plain`
        a.typed: async a.typed(id: string, n: (int | float)? = undefined) -> bool at a.js:34:14 `typed`
        AbortSignal (outside): opaque
        a.User (a.js:14:22 `User`): object {id: string, age?: float, tags: list<string>}
        b.Order (b.js:1:46 `Order`): object {id: string, total: float}
    "#]].assert_eq(&show_text(text, refs));
}

#[test]
fn common_js() {
    let text = r#"
== a.cjs
const { helper, other: renamed } = require("./b");
const whole = require("./b");
function f(a) {}
/** @param {string} x */
exports.g = function (x) {};
module.exports.h = async (x) => {};
module.exports.f = f;
exports.helper = helper;
exports.renamed = renamed;
exports.whole = whole;
exports.k = whole.helper;
== b.js
module.exports = { helper, other(a) {}, third: async (b) => {} };
function helper(a, b) {}
== c.js
module.exports = function main(a) {};
== d.js
module.exports = require("./b");
== e.js
module.exports = class Shop { run() {} };
"#;
    let refs = "a.g a.h a.f a.helper a.renamed a.whole.helper a.k b.helper b.other b.third c.default d.helper e.default.run";
    expect![[r#"
        a.f: a.cjs.f(a) -> any at a.cjs:3:10 `f`
        a.g: a.cjs.g(x: string) -> any at a.cjs:5:13 `function (x) {}`
        a.h: async a.cjs.h(x) -> any at a.cjs:6:20 `async (x) => {}`
        a.helper: a.cjs.helper(a, b) -> any at b.js:2:10 `helper`
        a.k: a.cjs.k(a, b) -> any at b.js:2:10 `helper`
        a.renamed: a.cjs.renamed(a) -> any at b.js:1:28 `other`
        a.whole.helper: a.cjs.whole.helper(a, b) -> any at b.js:2:10 `helper`
        b.helper: b.helper(a, b) -> any at b.js:2:10 `helper`
        b.other: b.other(a) -> any at b.js:1:28 `other`
        b.third: async b.third(b) -> any at b.js:1:48 `async (b) => {}`
        c.default: c.default(a) -> any at c.js:1:27 `main`
        d.helper: d.helper(a, b) -> any at b.js:2:10 `helper`
        e.default.run: new default() e.default.run() -> any at e.js:1:31 `run`
    "#]]
    .assert_eq(&show_text(text, refs));
}
