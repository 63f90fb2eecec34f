import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLoadMeter, type Load } from '../load.ts';
import { type Call, type Operation, readCall } from './calls.ts';
import { createFaults, type FaultEffect, preventsEffect, substitute } from './faults.ts';
import { Refusal, type Reply } from './replies.ts';
import { perform } from './router.ts';
import type { Site } from './site.ts';

/** One call as the server received it. Contains no token and no value. */
export interface AuditEntry {
  /** Time of the effect by the server's clock, in milliseconds. */
  readonly at: number;
  /** Undefined for a call that was refused before its path was read. */
  readonly operation: Operation | undefined;
  /** Path below `/v1/`. */
  readonly path: string;
  readonly namespace: string;
  /** The status that was sent, or 0 if the connection was dropped before. */
  readonly status: number;
  /** False if a fault prevented the effect of the call. */
  readonly tookEffect: boolean;
  readonly fault: FaultEffect['type'] | undefined;
}

/** Serves calls: performs each unless a fault prevents it, records it in the audit, and responds. */
export class Service {
  readonly audit: AuditEntry[] = [];
  readonly faults = createFaults();
  readonly #site: Site;
  readonly #meter = createLoadMeter();
  readonly #stopping = new AbortController();

  constructor(site: Site) {
    this.#site = site;
  }

  /** Load since the start. */
  load(): Load {
    return this.#meter.load();
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const end = this.#meter.begin();
    response.once('close', end);
    const { reply, fault } = await this.#answer(request);
    response.sendDate = false;
    response.setHeader('Date', new Date(this.#site.now()).toUTCString());
    // The caller can make its next call before this side sees that the answer was sent.
    end();
    deliver(response, reply, fault);
  }

  get stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Aborts all waits. */
  stop(): void {
    this.#stopping.abort();
  }

  async #answer(request: IncomingMessage): Promise<{ reply: Reply; fault: FaultEffect | undefined }> {
    let call: Call;
    try {
      call = await readCall(request, this.#site.switches.vault);
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      this.#record(undefined, thrown.reply, undefined);
      return { reply: thrown.reply, fault: undefined };
    }
    const fault = this.faults.take(call)?.effect;
    if (fault?.type === 'delay' && fault.when === 'before') await this.#wait(fault.ms);
    const own = preventsEffect(fault) ? { status: 503 } : await perform(this.#site, call);
    const reply = substitute(fault) ?? own;
    this.#record(call, reply, fault);
    if (fault?.type === 'delay' && fault.when !== 'before') await this.#wait(fault.ms);
    return { reply, fault };
  }

  #record(call: Call | undefined, { status }: Reply, fault: FaultEffect | undefined): void {
    this.audit.push({
      at: this.#site.now(),
      operation: call?.operation,
      path: call?.path ?? '',
      namespace: call?.namespace ?? '',
      status: fault?.type === 'reset' ? 0 : status,
      tookEffect: !preventsEffect(fault),
      fault: fault?.type,
    });
  }

  async #wait(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: this.#stopping.signal });
  }
}

const LOGIN_PAGE = '<!DOCTYPE html><html><body><form>Sign in to continue</form></body></html>';

const deliver = (response: ServerResponse, { status, body, headers = {} }: Reply, fault: FaultEffect | undefined) => {
  if (fault?.type === 'reset') return void response.destroy();
  if (fault?.type === 'login-page') {
    return void response.writeHead(200, { 'content-type': 'text/html' }).end(LOGIN_PAGE);
  }
  const bytes = Buffer.from(body === undefined ? '' : `${JSON.stringify(body)}\n`);
  const length = status === 204 ? {} : { 'content-length': bytes.length };
  response.writeHead(status, {
    'cache-control': 'no-store',
    'content-type': 'application/json',
    ...length,
    ...headers,
  });
  if (fault?.type !== 'cut-off') return void response.end(bytes);
  response.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => response.destroy());
};
