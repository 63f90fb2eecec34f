import { ConnectionLost, ServiceError } from './errors.ts';

/** What a call is known by when a fault is matched against it, and in the list of calls. */
export interface CallSite {
  readonly action: string;
  /** The name or ARN that the request gave. */
  readonly secretId: string | undefined;
  /** Who called: the access key id of its signature. */
  readonly caller: string | undefined;
}

export interface Fault {
  readonly kind: 'deny' | 'throttle' | 'internal' | 'reset' | 'reject';
  /** Each left out matches everything. */
  readonly action?: string;
  readonly secretId?: string;
  readonly caller?: string;
  /** How many matching calls it hits; all of them when left out. */
  readonly times?: number;
  /** How many matching calls pass before it begins to hit. */
  readonly skip?: number;
  /** `after` lets the call have its effect and loses the answer. */
  readonly when?: 'before' | 'after';
  /** The code and message of a `reject`; the message of the others. */
  readonly code?: string;
  readonly message?: string;
}

/** Faults to inject, for tests and the sandbox. */
export class Faults {
  #armed: { readonly fault: Fault; toSkip: number; left: number }[] = [];

  add(fault: Fault): void {
    this.#armed.push({ fault, toSkip: fault.skip ?? 0, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  /** Denies an action as IAM would: to everybody, or to one caller. */
  denyAction(action: string, caller?: string): void {
    this.add({ kind: 'deny', action, ...(caller !== undefined && { caller }) });
  }

  clear(): void {
    this.#armed = [];
  }

  /** The fault that hits this call, if any: counts it down. */
  take(site: CallSite): Fault | undefined {
    for (const armed of this.#armed) {
      if (!isHit(armed.fault, site) || armed.left === 0) continue;
      if (armed.toSkip > 0) {
        armed.toSkip -= 1;
        continue;
      }
      armed.left -= 1;
      return armed.fault;
    }
    return undefined;
  }
}

const isHit = (fault: Fault, site: CallSite): boolean =>
  (fault.action ?? site.action) === site.action &&
  (fault.secretId ?? site.secretId) === site.secretId &&
  (fault.caller ?? site.caller) === site.caller;

export const toError = (fault: Fault, site: CallSite): Error => {
  switch (fault.kind) {
    case 'deny': {
      const who = `User: ${site.caller ?? 'anonymous'} is not authorized to perform: secretsmanager:${site.action}`;
      return new ServiceError('AccessDeniedException', fault.message ?? who);
    }
    case 'throttle':
      return new ServiceError('ThrottlingException', fault.message ?? 'Rate exceeded');
    case 'internal':
      return new ServiceError('InternalServiceError', fault.message ?? 'An error occurred on the server side.', 500);
    case 'reject':
      return new ServiceError(fault.code ?? 'InvalidRequestException', fault.message ?? 'Injected.');
    case 'reset':
      return new ConnectionLost();
  }
};
