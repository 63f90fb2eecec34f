import type { Wait } from '../common/waits.ts';
import type { Aliases } from './aliases.ts';
import type { Assets } from './assets.ts';
import type { CallKind } from './audit.ts';
import type { Call } from './calls.ts';
import type { FunctionalAccounts } from './functional-accounts.ts';
import type { Groups } from './groups.ts';
import type { AccessPolicy } from './policies.ts';
import type { Proofs } from './proofs.ts';
import type { Reply } from './replies.ts';
import type { Requests } from './requests.ts';
import type { Rules } from './rules.ts';
import type { SecondFactors } from './second-factor.ts';
import type { SecretsSafe } from './secrets-safe.ts';
import type { Session, Sessions } from './sessions.ts';
import type { Accounts } from './state.ts';
import type { Switches } from './switches.ts';
import type { Systems } from './systems.ts';
import type { TargetSessions } from './target-sessions.ts';
import type { TicketSystem } from './tickets.ts';
import type { CertificateAsked } from './tls.ts';
import type { Users } from './users.ts';
import type { Workgroups } from './workgroups.ts';

/** State of the site, on which every endpoint works. */
export interface Site {
  readonly accounts: Accounts;
  readonly workgroups: Workgroups;
  readonly assets: Assets;
  readonly functionalAccounts: FunctionalAccounts;
  readonly rules: Rules;
  readonly groups: Groups;
  /** The access policies, in the order of the accounts that have them. */
  readonly policies: readonly AccessPolicy[];
  readonly systems: Systems;
  readonly aliases: Aliases;
  readonly secretsSafe: SecretsSafe;
  readonly requests: Requests;
  readonly targetSessions: TargetSessions;
  readonly ticketSystems: readonly TicketSystem[];
  readonly users: Users;
  readonly proofs: Proofs;
  readonly secondFactors: SecondFactors;
  readonly sessions: Sessions;
  readonly certificateRequest: CertificateAsked;
  readonly switches: Switches;
  readonly now: () => number;
  readonly wait: Wait;
}

/** The account and request of a call, known before it takes effect. */
export interface Subject {
  readonly accountId?: number | undefined;
  readonly requestId?: number | undefined;
}

interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly template: string;
  readonly kind: CallKind;
  readonly subject?: (site: Site, call: Call) => Subject;
}

export type Endpoint =
  | (Route & { readonly anonymous: true; readonly handle: (site: Site, call: Call) => Reply | Promise<Reply> })
  | (Route & {
      readonly anonymous?: never;
      /** True if the POST binds a body, which determines its response to a missing `Content-Type`. */
      readonly readsBody?: true;
      readonly handle: (site: Site, call: Call, session: Session) => Reply | Promise<Reply>;
    });
