import type { IncomingMessage, ServerResponse } from 'node:http';
import { createLoadMeter, type Load } from '../load.ts';
import type { AuditEntry, CallKind } from './audit.ts';
import { type Call, readCall } from './calls.ts';
import { deliver } from './delivery.ts';
import { createFaults, type FaultEffect, preventsEffect, substitute } from './faults.ts';
import { empty, type Reply } from './replies.ts';
import { answer, endpointOf, findResource, type Resource } from './router.ts';
import type { Site } from './site.ts';

/** Sleeps until the time has passed. Rejects once the signal is aborted. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<unknown>;

const ACCOUNT = 'api/config/v1/vault/account/{id}';

/** Facts about a call before it takes effect. */
interface Subject {
  readonly kind: CallKind;
  readonly template: string;
  readonly accountId: number | undefined;
}

const subjectOf = (resource: Resource | undefined, call: Call): Subject => {
  const endpoint = endpointOf(resource, call);
  if (endpoint === undefined) return { kind: 'other', template: call.path, accountId: undefined };
  const { kind, template } = endpoint;
  const accountId = template.startsWith(ACCOUNT) ? Number(resource?.id) : undefined;
  return { kind: typeof kind === 'function' ? kind(call) : kind, template, accountId };
};

/** Serves calls: waits, performs the call unless a fault prevents it, records it in the audit, and responds. */
export class Service {
  readonly audit: AuditEntry[] = [];
  readonly faults = createFaults();
  readonly #site: Site;
  readonly #latencyMs: number;
  readonly #sleep: Sleep;
  readonly #meter = createLoadMeter();
  readonly #stopping = new AbortController();

  constructor(site: Site, { latencyMs, sleep }: { readonly latencyMs: number; readonly sleep: Sleep }) {
    this.#site = site;
    this.#latencyMs = latencyMs;
    this.#sleep = sleep;
  }

  /** Load since the start. */
  load(): Load {
    return this.#meter.load();
  }

  get stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Aborts all waits. */
  stop(): void {
    this.#stopping.abort();
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const end = this.#meter.begin();
    // A call whose connection breaks has no answer.
    response.once('close', end);
    const call = await readCall(request);
    await this.#wait(this.#latencyMs);
    const resource = findResource(call);
    const subject = subjectOf(resource, call);
    const fault = this.faults.take(subject)?.effect;
    if (fault?.type === 'delay' && fault.when === 'before') await this.#wait(fault.ms);
    const reply = this.#takeEffect(call, resource, subject, fault);
    if (fault?.type === 'delay' && fault.when !== 'before') await this.#wait(fault.ms);
    response.sendDate = false;
    response.setHeader('Date', new Date(this.#site.now()).toUTCString());
    // The caller can make its next call before this side sees that the answer was sent.
    end();
    await deliver(response, reply, fault);
  }

  #takeEffect(
    call: Call,
    resource: Resource | undefined,
    { kind, template, accountId }: Subject,
    fault: FaultEffect | undefined,
  ): Reply {
    this.#site.vault.settle();
    if (fault?.type === 'kill-tokens') this.#killTokens(call);
    const tookEffect = !preventsEffect(fault);
    const issuedBefore = this.#site.tokens.issued;
    const { reply: own, caller } = tookEffect ? answer(this.#site, resource, call) : { reply: empty(503) };
    const reply = substitute(fault, this.#site.switches) ?? own;
    this.audit.push({
      at: this.#site.now(),
      method: call.method,
      template,
      kind,
      status: fault?.type === 'reset' ? 0 : reply.status,
      apiAccount: caller?.account.name,
      token: this.#site.tokens.issued > issuedBefore ? this.#site.tokens.issued : caller?.token.number,
      accountId,
      closesConnection: call.headers.connection?.toLowerCase() === 'close',
      tookEffect,
      fault: fault?.type,
    });
    return reply;
  }

  #killTokens({ headers }: Call): void {
    const { tokens } = this.#site;
    const token = tokens.find(headers.authorization?.replace(/^Bearer\s+/i, '') ?? '');
    if (token !== undefined) tokens.kill(token.clientId);
  }

  async #wait(ms: number): Promise<void> {
    if (ms > 0) await this.#sleep(ms, this.#stopping.signal);
  }
}
