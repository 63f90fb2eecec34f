import type { Performer } from './activity.ts';
import { canaryFor, renderCredential } from './credentials.ts';
import type { FleetAccount } from './fleet.ts';
import type { Switches } from './switches.ts';

/** A check-out that is not checked in. */
export interface CheckOut {
  readonly by: Performer;
  readonly at: number;
}

/** Behaviour of the rotations of one account, which a test can set. The switches apply to what is not set. */
export interface RotationBehaviour {
  delayMs?: number;
  result?: Switches['rotationResult'];
  error?: string;
}

/** A scheduled rotation. */
export interface PendingRotation {
  readonly dueAt: number;
  readonly askedBy: Performer;
}

/** Fields that a person or a call can change. */
export interface AccountSettings {
  name: string;
  userName: string | null;
  description: string;
  groupId: number | null;
  policy: string | null;
}

/** An account with its credential and check-outs. */
export class VaultAccount {
  readonly id: number;
  readonly type: FleetAccount['type'];
  readonly kind: FleetAccount['kind'];
  readonly ownerUserId: number | null;
  readonly endpointId: number | null;
  readonly settings: AccountSettings;
  readonly checkOuts: CheckOut[] = [];
  readonly rotation: RotationBehaviour = {};
  pending: PendingRotation | undefined;
  credential: string;
  canary: string;
  changedAt: number | null;
  lastCheckOutAt: number | null = null;
  changeCount = 0;
  readonly #fleet: FleetAccount;
  readonly #seed: number;

  constructor(fleet: FleetAccount, seed: number) {
    const { name, userName, description, groupId, policy } = fleet;
    this.id = fleet.id;
    this.type = fleet.type;
    this.kind = fleet.kind;
    this.ownerUserId = fleet.ownerUserId;
    this.endpointId = fleet.endpointId;
    this.settings = { name, userName, description, groupId, policy };
    this.credential = fleet.credential;
    this.canary = fleet.canary;
    this.changedAt = fleet.changedAt;
    this.#fleet = fleet;
    this.#seed = seed;
  }

  get isPersonal(): boolean {
    return this.ownerUserId !== null;
  }

  /** Sets this credential, or a new one. */
  change(at: number, credential?: string): void {
    this.changeCount += 1;
    this.canary = credential ?? canaryFor(this.#seed, this.id, this.changeCount);
    this.credential = credential ?? renderCredential(this.type, this.#fleet.credentialShape, this.canary);
    this.changedAt = at;
  }

  checkOutOf({ type, id }: Performer): CheckOut | undefined {
    return this.checkOuts.find(({ by }) => by.type === type && by.id === id);
  }
}
