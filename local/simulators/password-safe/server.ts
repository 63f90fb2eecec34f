import { createAuthority, type IssuedCertificate } from '../certificate.ts';
import { createServerIdentity, listen, listenerOf } from '../common/server.ts';
import { createWaits, type Sleep, sleepInRealTime, type Wait } from '../common/waits.ts';
import type { Load } from '../load.ts';
import type { AccountState } from './account-state.ts';
import { Aliases, type SimulatedAlias } from './aliases.ts';
import { Assets } from './assets.ts';
import type { AuditEntry } from './audit.ts';
import { type AccountView, type Contents, contentsOf, viewOf } from './contents.ts';
import type { Faults } from './faults.ts';
import { AUTO_APPROVED, createFleet, type FleetAccount } from './fleet.ts';
import { FunctionalAccounts } from './functional-accounts.ts';
import { Groups } from './groups.ts';
import { toPkcs12 } from './pkcs12.ts';
import type { AccessPolicy } from './policies.ts';
import { Proofs } from './proofs.ts';
import { type AccessRequest, Requests } from './requests.ts';
import { Rules } from './rules.ts';
import { SecondFactors } from './second-factor.ts';
import { SecretsSafe, type SimulatedSecret } from './secrets-safe.ts';
import { Service } from './service.ts';
import { type Session, Sessions } from './sessions.ts';
import type { Site } from './site.ts';
import { Accounts } from './state.ts';
import { DEFAULT_SWITCHES, type Switches } from './switches.ts';
import { Systems } from './systems.ts';
import type { Target } from './target.ts';
import { type TargetSession, TargetSessions } from './target-sessions.ts';
import { DEFAULT_TICKET_SYSTEMS, type TicketSystem } from './tickets.ts';
import { type CertificateAsked, createIdentification, createTlsServer } from './tls.ts';
import { DEFAULT_APPLICATION, DEFAULT_APPROVER, type SimulatedUser, Users } from './users.ts';
import { Workgroups } from './workgroups.ts';

export interface PasswordSafeOptions {
  /** Default: `createFleet` of 24 accounts with this seed. */
  readonly fleet?: readonly FleetAccount[];
  /** Default: `DEFAULT_APPLICATION` and `DEFAULT_APPROVER`. */
  readonly users?: readonly SimulatedUser[];
  /** Default: none. */
  readonly aliases?: readonly SimulatedAlias[];
  /** Ids of accounts that change together, in each set the parent first. Default: none. */
  readonly synced?: readonly (readonly number[])[];
  /** Contents of Secrets Safe. Default: none. */
  readonly secrets?: readonly SimulatedSecret[];
  /** Default: `DEFAULT_TICKET_SYSTEMS`. */
  readonly ticketSystems?: readonly TicketSystem[];
  /** PEM texts of further CAs whose client certificates the site trusts. */
  readonly trustedCas?: readonly string[];
  /** Real delay of every call before it takes effect. Default 0. */
  readonly latencyMs?: number;
  /** Replaces the real waits of the site: its latency, delayed responses and slow ticket servers. */
  readonly sleep?: Sleep;
  readonly switches?: Partial<Switches>;
  /** The site's clock in milliseconds, which drives everything at the site. Default: the wall clock. */
  readonly now?: () => number;
  /** Seed of the credentials that changes create. Default 1. */
  readonly seed?: number;
  /** Default 0: a free port. */
  readonly port?: number;
}

/** A client certificate in both formats. */
interface ClientCertificate extends IssuedCertificate {
  /** PKCS#12 file, encrypted with the passphrase. */
  readonly pkcs12: Buffer;
}

export interface PasswordSafeSimulator {
  /** Base URL of the API, without a trailing slash. */
  readonly url: string;
  readonly caPem: string;
  /** All calls in the order of their effects. */
  readonly audit: readonly AuditEntry[];
  /** Load since the start, counted when calls are received and answered. */
  load(): Load;
  readonly faults: Faults;
  /** Can be changed at any time. */
  readonly switches: Switches;
  /** Pending and active requests of all users. */
  openRequests(): readonly AccessRequest[];
  /** Sessions that are neither signed out nor expired. */
  openSessions(): readonly Session[];
  /** Sessions on managed systems, including ended ones. */
  sessions(): readonly TargetSession[];
  /** Opens a session with a ticket. Returns false if the ticket is invalid or no longer valid. */
  connect(ticket: string): boolean;
  /** All accounts with their current credential, canary and date. */
  accounts(): readonly AccountView[];
  /** Objects of the site, both of the fleet and those that callers created. */
  readonly contents: Contents;
  credentialOf(accountId: number): string;
  /** Changes a credential out of band and returns the new one. `at` defaults to now. */
  changeCredential(accountId: number, at?: number): string;
  /** The account on its system, whose behaviour a test can set. */
  target(accountId: number): Target;
  /** Number of changes of a credential since the start, by any caller. */
  changesOf(accountId: number): number;
  /** Points an alias at its next account, like an administrator. */
  switchAlias(aliasId: number): void;
  /** The account at which an alias points; undefined if it is unmapped. */
  aliasAccount(aliasId: number): number | undefined;
  /** The contents of Secrets Safe, and the actions of people in it. */
  readonly secretsSafe: SecretsSafe;
  /** Changes a user or its registrations like an administrator: rotates a key, sets a password, quarantines. */
  changeUser(userName: string, change: Partial<SimulatedUser>): void;
  /** Answers the pending or next push of a user. */
  answerPush(userName: string, answer: 'approved' | 'denied'): void;
  /** Issues a certificate that the site trusts, like its administrators. */
  issueClientCertificate(passphrase: string): Promise<ClientCertificate>;
  /** Approves a request as the required number of people. */
  approve(requestId: number): void;
  deny(requestId: number): void;
  close(): Promise<void>;
}

const accountOf = (site: Site, accountId: number): AccountState => {
  const account = site.accounts.byId(accountId);
  if (account === undefined) throw new RangeError(`There is no account ${accountId}.`);
  site.requests.settle(account);
  return account;
};

const requestOf = (site: Site, requestId: number): AccessRequest => {
  const request = site.requests.find(requestId);
  if (request === undefined) throw new RangeError(`There is no request ${requestId}.`);
  return request;
};

/** A site without such a registration never requests certificates. */
const certificateAskedFor = (users: readonly SimulatedUser[], { certificateRequest }: Switches): CertificateAsked =>
  users.some(({ oauth, apiKey }) => oauth?.clientCertificateRequired || apiKey?.clientCertificateRequired)
    ? certificateRequest
    : 'never';

/** The policies of a fleet, or the default one if it has none. */
const policiesOf = (fleet: readonly FleetAccount[]): AccessPolicy[] => {
  const policies = fleet.flatMap(({ policy }) => (policy === null ? [] : [policy]));
  return [...new Map([...(policies.length === 0 ? [AUTO_APPROVED] : policies)].map((one) => [one.id, one])).values()];
};

const makeSite = (options: PasswordSafeOptions, wait: Wait): Site => {
  const { now: timeOfDay = Date.now, seed = 1 } = options;
  const { fleet = createFleet({ accounts: 24, seed }), users: givenUsers = [DEFAULT_APPLICATION, DEFAULT_APPROVER] } =
    options;
  const switches: Switches = { ...DEFAULT_SWITCHES, ...options.switches };
  const now = () => timeOfDay() + switches.clockSkewMs;
  const users = new Users(givenUsers);
  const proofs = new Proofs(users, now, switches);
  const requests = new Requests(now, switches);
  const secondFactors = new SecondFactors(now, switches);
  const accounts = new Accounts(fleet, seed, switches);
  for (const accountIds of options.synced ?? []) accounts.sync(accountIds);
  const workgroups = new Workgroups(accounts.workgroups);
  const systems = new Systems(accounts, workgroups);
  return {
    accounts,
    workgroups,
    systems,
    assets: new Assets(systems),
    functionalAccounts: new FunctionalAccounts(),
    rules: new Rules(now, switches),
    groups: new Groups(users),
    policies: policiesOf(fleet),
    aliases: new Aliases(options.aliases ?? [], accounts, now, switches),
    secretsSafe: new SecretsSafe(options.secrets ?? [], seed, now),
    requests,
    targetSessions: new TargetSessions(requests, now),
    ticketSystems: options.ticketSystems ?? DEFAULT_TICKET_SYSTEMS,
    users,
    proofs,
    secondFactors,
    sessions: new Sessions(proofs, secondFactors, now, switches),
    certificateRequest: certificateAskedFor(givenUsers, switches),
    switches,
    now,
    wait,
  };
};

const serverIdentity = createServerIdentity('Password Safe simulator CA');

/** Starts a Password Safe on the loopback address. The caller must close it. */
export const startPasswordSafe = async (options: PasswordSafeOptions = {}): Promise<PasswordSafeSimulator> => {
  const { caPem, certificate } = await serverIdentity();
  const waits = createWaits(options.sleep ?? sleepInRealTime);
  const site = makeSite(options, waits.wait);
  const { certificateRequest: asked } = site;
  const service = new Service(site, createIdentification(asked), { latencyMs: options.latencyMs ?? 0, waits });
  // Each site has its own CA for client certificates, which other sites do not trust.
  let authority: ReturnType<typeof createAuthority> | undefined;
  const callers = () => {
    authority ??= createAuthority('CA of the callers');
    return authority;
  };
  const clientCas = asked === 'never' ? [] : [(await callers()).caPem, ...(options.trustedCas ?? [])];
  const tls = { certificate, asked, clientCas };
  const server = createTlsServer(
    tls,
    listenerOf(service, () => waits.stopped),
  );
  const port = await listen(server, options.port);
  return {
    url: `https://127.0.0.1:${port}/BeyondTrust/api/public/v3`,
    caPem,
    audit: service.audit,
    load: () => service.load(),
    faults: service.faults,
    switches: site.switches,
    openRequests: () => site.requests.allOpen(),
    sessions: () => site.targetSessions.all(),
    connect: (ticket) => site.targetSessions.connect(ticket),
    openSessions: () => site.sessions.allOpen(),
    accounts: () => site.accounts.all.map((account) => viewOf(site, account)),
    contents: contentsOf(site),
    credentialOf: (accountId) => accountOf(site, accountId).credential,
    changeCredential: (accountId, at = site.now()) => {
      const account = accountOf(site, accountId);
      account.change(at);
      return account.credential;
    },
    target: (accountId) => accountOf(site, accountId).target,
    changesOf: (accountId) => accountOf(site, accountId).changeCount,
    switchAlias: (aliasId) => site.aliases.switchOver(aliasId),
    aliasAccount: (aliasId) => site.aliases.byId(aliasId)?.preferred?.row.accountId,
    secretsSafe: site.secretsSafe,
    changeUser: (userName, change) => site.users.change(userName, change),
    answerPush: (userName, answer) => site.secondFactors.answerPush(site.users.named(userName), answer),
    issueClientCertificate: async (passphrase) => {
      const issued = await (await callers()).issueClientCertificate('a caller of the API');
      return { ...issued, pkcs12: await toPkcs12(issued, passphrase) };
    },
    approve: (requestId) => {
      const request = requestOf(site, requestId);
      for (let approver = 1; request.status === 'pending'; approver += 1)
        site.requests.approve(request, `human ${approver}`);
    },
    deny: (requestId) => site.requests.end(requestOf(site, requestId)),
    close: async () => {
      server.closeAllConnections();
      waits.stop();
      await server[Symbol.asyncDispose]();
    },
  };
};
