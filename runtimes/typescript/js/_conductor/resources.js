/**
 * Clients of resources: opened on first use, once in a thread, and closed when their users are done.
 *
 * It deliberately knows no driver; those that need one are in modules of their own.
 */
import { Env, scrubbed, shown } from "./address.js";
import { MissingVariable, ResourceUnavailable, textOf } from "./errors.js";
import { executionsOf } from "./execution.js";
import { logger } from "./log.js";
import { usage } from "./saturation.js";
import { closeSession, openSession } from "./sessions.js";
import { allEnded, SETTLE_MS, Work } from "./work.js";
/** Those that may have a client. */
const resources = new Set();
/** A resource of which attempts are handed a client. */
export class Resource {
  constructor(pool, options = {}) {
    this.hasClient = true;
    this.opened = undefined;
    this.failure = undefined;
    this.opening = undefined;
    this.users = 0;
    this.unused = [];
    this.pool = pool;
    this.options = options;
  }
  /** The client that the attempt has opened, or why that could not be. */
  client() {
    if (this.opened !== undefined) {
      return this.opened.client;
    }
    throw (
      this.failure ??
      new ResourceUnavailable(`the resource ${this.pool.id} is not open`)
    );
  }
  /** Opens the client where it is not; whoever comes meanwhile waits for the same opening. */
  async open(taken, scope) {
    this.users += 1;
    taken.add(() => {
      this.left();
    });
    if (this.opened !== undefined) {
      return;
    }
    resources.add(this);
    const opening = this.opening ?? this.begin();
    await opening.ended(undefined, scope);
    scope.check();
  }
  /** Does the work of a block that holds it: its steps are handed the one client anyway. */
  async holding(work) {
    return work();
  }
  left() {
    this.users -= 1;
    if (this.users === 0) {
      for (const tell of this.unused.splice(0)) {
        tell();
      }
    }
  }
  begin() {
    const opening = Work.start(() => this.openNow());
    // It may have failed already, and the next attempt tries again.
    this.opening = opening;
    opening.onEnd(() => {
      this.opening = undefined;
    });
    return opening;
  }
  async openNow() {
    let address = "";
    this.failure = undefined;
    const { id, scope, limit } = this.pool;
    let succeeded = false;
    try {
      const env = new Env(id);
      address = this.options.address?.(env) ?? "";
      await this.options.ready?.(address);
      this.opened = { client: await this.make(address, env) };
      succeeded = true;
    } catch (error) {
      this.failure =
        error instanceof MissingVariable
          ? error
          : this.unopened(error, address);
    } finally {
      usage(id, scope, limit).opening(succeeded);
    }
  }
  unopened(error, address) {
    const where = address === "" ? "" : ` (${shown(address)})`;
    const name = error instanceof Error ? `${error.constructor.name}: ` : "";
    const text = `${name}${textOf(error)}`;
    const clean = scrubbed(text, address);
    return new ResourceUnavailable(
      `the resource ${this.pool.id}${where} cannot be opened: ${clean}`,
      // Else the cause would tell the password.
      clean === text ? { cause: error } : {},
    );
  }
  /** Closes the client when its users are done with it; the next use opens another. */
  async close() {
    if (this.users > 0) {
      const idle = new Promise((tell) => {
        this.unused.push(tell);
      });
      await Work.start(() => idle).ended(SETTLE_MS);
    }
    const { opened } = this;
    this.opened = undefined;
    resources.delete(this);
    if (opened !== undefined) {
      try {
        await this.unmake(opened.client);
      } catch (error) {
        logger().error(`the resource ${this.pool.id} cannot be closed`, error);
      }
    }
  }
}
/** A client that the user's own function makes. */
export class Custom extends Resource {
  constructor(pool, functions) {
    super(pool);
    this.functions = functions;
  }
  make() {
    return this.functions.open();
  }
  unmake(client) {
    return this.functions.close?.(client);
  }
}
/** Closes the clients of this thread, when their users are done. */
export async function closeResources() {
  await Promise.all([...resources].map((resource) => resource.close()));
}
/** Lets runs of this thread settle and gives them back, closes the clients of its resources, and hangs up. */
export async function close() {
  const session = openSession();
  const executions =
    session === undefined ? [] : [...executionsOf(session).values()];
  for (const execution of executions) {
    execution.detach();
  }
  await allEnded(executions.map((execution) => execution.work));
  await closeResources();
  await closeSession();
}
