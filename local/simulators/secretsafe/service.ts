import type { IncomingMessage, ServerResponse } from 'node:http';
import { deliverTo } from '../common/delivery.ts';
import { type CommonFault, preventsEffect } from '../common/faults.ts';
import type { Reply } from '../common/replies.ts';
import type { Waits } from '../common/waits.ts';
import { createLoadMeter, type Load } from '../load.ts';
import type { AuditEntry } from './audit.ts';
import { type Call, readCall } from './calls.ts';
import { createFaults, substitute } from './faults.ts';
import { empty } from './replies.ts';
import { answer, findTarget, type Target } from './router.ts';
import type { Site } from './site.ts';

const DAMAGE = {
  malformed: (body: string) => body.slice(0, -1) || '{"object":',
  otherShape: { unexpected: [true] },
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
    const target = findTarget(this.#site, call);
    const fault = this.faults.take({ kind: target.endpoint?.kind ?? 'other', id: target.id })?.effect;
    if (fault?.type === 'delay' && fault.when === 'before') await this.#waits.wait(fault.ms);
    const reply = this.#takeEffect(call, target, fault);
    if (fault?.type === 'delay' && fault.when !== 'before') await this.#waits.wait(fault.ms);
    response.sendDate = false;
    response.setHeader('Date', new Date(this.#site.now()).toUTCString());
    // The caller can make its next call before this side sees that the answer was sent.
    end();
    await deliverTo(response, reply, fault, DAMAGE);
  }

  #takeEffect(call: Call, target: Target, fault: CommonFault | undefined): Reply {
    const { organization } = this.#site;
    const tookEffect = !preventsEffect(fault);
    const changesBefore = organization.changes;
    const { reply: own, token } = tookEffect
      ? answer(this.#site, target, call)
      : { reply: empty(503), token: undefined };
    const reply = substitute(fault) ?? own;
    this.audit.push({
      at: this.#site.now(),
      method: call.method,
      template: target.template ?? call.path,
      kind: target.endpoint?.kind ?? 'other',
      id: target.id,
      status: fault?.type === 'reset' ? 0 : reply.status,
      token,
      changes: organization.changes - changesBefore,
      closesConnection: call.headers.connection?.toLowerCase() === 'close',
      tookEffect,
      fault: fault?.type,
    });
    return reply;
  }
}
