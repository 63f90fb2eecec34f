import type { IncomingMessage, ServerResponse } from 'node:http';
import { deliverTo } from '../common/delivery.ts';
import { preventsEffect } from '../common/faults.ts';
import type { Reply } from '../common/replies.ts';
import type { Waits } from '../common/waits.ts';
import { createLoadMeter, type Load } from '../load.ts';
import type { AuditEntry, CallKind } from './audit.ts';
import { type Call, readCall } from './calls.ts';
import { commonPart, createFaults, type FaultEffect, substitute } from './faults.ts';
import { empty } from './replies.ts';
import { answer, endpointOf, findResource, type Resource } from './router.ts';
import type { Site } from './site.ts';

const DAMAGE = {
  malformed: (body: string) => body.slice(0, -1) || '{"id": 12',
  otherShape: { unexpected: [true] },
};

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
  readonly #waits: Waits;
  readonly #meter = createLoadMeter();

  constructor(site: Site, { latencyMs, waits }: { readonly latencyMs: number; readonly waits: Waits }) {
    this.#site = site;
    this.#latencyMs = latencyMs;
    this.#waits = waits;
  }

  /** Load since the start. */
  load(): Load {
    return this.#meter.load();
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const end = this.#meter.begin();
    // A call whose connection breaks has no answer.
    response.once('close', end);
    const call = await readCall(request);
    await this.#waits.wait(this.#latencyMs);
    const resource = findResource(call);
    const subject = subjectOf(resource, call);
    const fault = this.faults.take(subject)?.effect;
    if (fault?.type === 'delay' && fault.when === 'before') await this.#waits.wait(fault.ms);
    const reply = this.#takeEffect(call, resource, subject, fault);
    if (fault?.type === 'delay' && fault.when !== 'before') await this.#waits.wait(fault.ms);
    response.sendDate = false;
    response.setHeader('Date', new Date(this.#site.now()).toUTCString());
    // The caller can make its next call before this side sees that the answer was sent.
    end();
    await deliverTo(response, reply, commonPart(fault), DAMAGE);
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
}
