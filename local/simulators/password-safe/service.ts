import type { IncomingMessage, ServerResponse } from 'node:http';
import { deliverTo } from '../common/delivery.ts';
import { preventsEffect } from '../common/faults.ts';
import type { Waits } from '../common/waits.ts';
import { createLoadMeter, type Load } from '../load.ts';
import type { AuditEntry } from './audit.ts';
import { type Call, readCall } from './calls.ts';
import { createFaults, type FaultEffect, substitute } from './faults.ts';
import type { Peer } from './registrations.ts';
import { empty, type Reply } from './replies.ts';
import { answer, findEndpoint } from './router.ts';
import type { Endpoint, Site, Subject } from './site.ts';

const DAMAGE = { malformed: () => '{"RequestID": 12', otherShape: { Unexpected: [true] } };

/** Serves calls: waits, performs the call unless a fault prevents it, records it in the audit, and responds. */
export class Service {
  readonly audit: AuditEntry[] = [];
  readonly faults = createFaults();
  readonly #site: Site;
  readonly #identify: (request: IncomingMessage) => Promise<Peer>;
  readonly #latencyMs: number;
  readonly #waits: Waits;
  readonly #meter = createLoadMeter();

  constructor(
    site: Site,
    identify: (request: IncomingMessage) => Promise<Peer>,
    { latencyMs, waits }: { readonly latencyMs: number; readonly waits: Waits },
  ) {
    this.#site = site;
    this.#identify = identify;
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
    const call = await readCall(request, this.#identify);
    if (this.#isDropped(call)) return void request.socket.destroy();
    await this.#waits.wait(this.#latencyMs);
    const endpoint = findEndpoint(call);
    const subject = endpoint?.subject?.(this.#site, call) ?? {};
    const fault = this.faults.take({ kind: endpoint?.kind ?? 'other', accountId: subject.accountId })?.effect;
    if (fault?.type === 'delay' && fault.when === 'before') await this.#waits.wait(fault.ms);
    const reply = await this.#takeEffect(endpoint, call, subject, fault);
    if (fault?.type === 'delay' && fault.when !== 'before') await this.#waits.wait(fault.ms);
    response.sendDate = false;
    response.setHeader('Date', new Date(this.#site.now()).toUTCString());
    // The caller can make its next call before this side sees that the answer was sent.
    end();
    // Without a body, nothing declares a charset.
    const damage = fault?.type === 'wrong-charset' && reply.body === null ? undefined : fault;
    await deliverTo(response, reply, damage, DAMAGE);
  }

  #isDropped({ peer }: Call): boolean {
    const { certificateRequest, switches } = this.#site;
    return certificateRequest !== 'never' && switches.badCertificate === 'reset' && peer.certificate !== 'trusted';
  }

  async #takeEffect(
    endpoint: Endpoint | undefined,
    call: Call,
    subject: Subject,
    fault: FaultEffect | undefined,
  ): Promise<Reply> {
    const tookEffect = !preventsEffect(fault);
    const own: Reply = tookEffect ? await answer(this.#site, endpoint, call) : empty(503);
    const reply = substitute(fault) ?? own;
    this.audit.push({
      at: this.#site.now(),
      method: call.method,
      template: endpoint?.template ?? call.path,
      kind: endpoint?.kind ?? 'other',
      status: fault?.type === 'reset' ? 0 : reply.status,
      user: own.about?.user?.userName,
      session: own.about?.session?.number,
      accountIds: subject.accountId === undefined ? [] : [subject.accountId],
      requestId: own.about?.requestId ?? subject.requestId,
      secretIds: own.about?.secretIds ?? [],
      tookEffect,
      fault: fault?.type,
    });
    return reply;
  }
}
