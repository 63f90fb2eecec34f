import { randomUUID } from 'node:crypto';
import type { AccountState } from './account-state.ts';
import { newCanary } from './credential-shapes.ts';
import type { AccessRequest, Requests } from './requests.ts';
import type { KnownUser } from './users.ts';

/** Values of `Status` in the API. */
const SESSION_STATUS = {
  notStarted: 0,
  inProgress: 1,
  completed: 2,
  locked: 5,
  loggedOff: 8,
  disconnected: 9,
} as const;
type SessionStatus = (typeof SESSION_STATUS)[keyof typeof SESSION_STATUS];

/** Values of `SessionType`, and the access type that a request needs for such a session. */
export const SESSION_TYPES = {
  ssh: { accessType: 'SSH', isFile: false },
  sshticket: { accessType: 'SSH', isFile: false },
  rdp: { accessType: 'RDP', isFile: false },
  rdpticket: { accessType: 'RDP', isFile: false },
  rdpfile: { accessType: 'RDP', isFile: true },
  app: { accessType: 'App', isFile: false },
  appfile: { accessType: 'App', isFile: true },
} as const;
export type SessionType = keyof typeof SESSION_TYPES;

/** A session on a managed system, unlike a caller's session with the API. */
export interface TargetSession {
  readonly sessionId: number;
  readonly user: KnownUser;
  readonly account: AccountState;
  /** Null for a session by the ISA role, which ends after its duration. */
  readonly request: AccessRequest | null;
  readonly type: SessionType;
  /** Opens the session once. Contains a canary. */
  readonly ticket: string;
  readonly recordKey: string;
  /** Opens the recording. Also contains a canary. */
  readonly token: string;
  /** End of a session without a request. */
  readonly endsAt: number | null;
  status: SessionStatus;
  startedAt: number | null;
  endedAt: number | null;
}

const OVER: ReadonlySet<SessionStatus> = new Set([SESSION_STATUS.completed, SESSION_STATUS.loggedOff]);

export const isOver = ({ status }: TargetSession): boolean => OVER.has(status);

/** The life cycle of sessions. They end lazily, so every reader settles them first. */
export class TargetSessions {
  readonly #requests: Requests;
  readonly #now: () => number;
  readonly #sessions = new Map<number, TargetSession>();

  constructor(requests: Requests, now: () => number) {
    this.#requests = requests;
    this.#now = now;
  }

  open(session: Pick<TargetSession, 'user' | 'account' | 'request' | 'type' | 'endsAt'>): TargetSession {
    const opened: TargetSession = {
      ...session,
      sessionId: this.#sessions.size + 1,
      ticket: newCanary(),
      recordKey: randomUUID(),
      token: newCanary(),
      status: SESSION_STATUS.notStarted,
      startedAt: null,
      endedAt: null,
    };
    this.#sessions.set(opened.sessionId, opened);
    return opened;
  }

  all(): TargetSession[] {
    return [...this.#sessions.values()].map((session) => this.#settled(session));
  }

  find(sessionId: number): TargetSession | undefined {
    const session = this.#sessions.get(sessionId);
    return session === undefined ? undefined : this.#settled(session);
  }

  /** Opens a session with a ticket. Returns false if the ticket is invalid or no longer valid. */
  connect(ticket: string): boolean {
    const session = this.all().find((candidate) => candidate.ticket === ticket);
    if (session?.status !== SESSION_STATUS.notStarted) return false;
    session.status = SESSION_STATUS.inProgress;
    session.startedAt = this.#now();
    return true;
  }

  lock(session: TargetSession): void {
    if (!isOver(session)) session.status = SESSION_STATUS.locked;
  }

  terminate(session: TargetSession, at: number = this.#now()): void {
    if (isOver(session)) return;
    session.status = session.startedAt === null ? SESSION_STATUS.completed : SESSION_STATUS.loggedOff;
    session.endedAt = at;
  }

  /** After the end of its release, a session cannot be opened. An open session continues unless the policy ends it. */
  #settled(session: TargetSession): TargetSession {
    const { request, account } = session;
    const endsAt = request === null ? session.endsAt : (this.#requests.find(request.requestId)?.endedAt ?? null);
    const continues = session.startedAt !== null && account.row.policy?.endsSessions !== true;
    if (endsAt !== null && endsAt <= this.#now() && !continues) this.terminate(session, endsAt);
    return session;
  }
}
