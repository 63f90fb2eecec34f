import { once } from 'node:events';
import type { Server } from 'node:https';
import { Aliases, type SimulatedAlias } from './aliases.ts';
import type { AuditEntry } from './audit.ts';
import { createAuthority, type IssuedCertificate } from './certificate.ts';
import type { Faults } from './faults.ts';
import { createFleet, type FleetAccount } from './fleet.ts';
import { toPkcs12 } from './pkcs12.ts';
import { Proofs } from './proofs.ts';
import { type AccessRequest, Requests } from './requests.ts';
import { SecondFactors } from './second-factor.ts';
import { SecretsSafe, type SimulatedSecret } from './secrets-safe.ts';
import { Service } from './service.ts';
import { type Session, Sessions } from './sessions.ts';
import type { Site } from './site.ts';
import { type AccountState, Accounts } from './state.ts';
import { DEFAULT_SWITCHES, type Switches } from './switches.ts';
import { type TargetSession, TargetSessions } from './target-sessions.ts';
import { DEFAULT_TICKET_SYSTEMS, type TicketSystem } from './tickets.ts';
import { type CertificateAsked, createIdentification, createTlsServer } from './tls.ts';
import { DEFAULT_APPLICATION, DEFAULT_APPROVER, type SimulatedUser, Users } from './users.ts';

export interface PasswordSafeOptions {
  /** Default: `createFleet` of 24 accounts with this seed. */
  readonly fleet?: readonly FleetAccount[];
  /** Default: `DEFAULT_APPLICATION` and `DEFAULT_APPROVER`. */
  readonly users?: readonly SimulatedUser[];
  /** Default: none. */
  readonly aliases?: readonly SimulatedAlias[];
  /** What Secrets Safe holds; default: nothing. */
  readonly secrets?: readonly SimulatedSecret[];
  /** Default: `DEFAULT_TICKET_SYSTEMS`. */
  readonly ticketSystems?: readonly TicketSystem[];
  /** PEM texts of CAs beside its own whose client certificates the site trusts. */
  readonly trustedCas?: readonly string[];
  /** Added to every call before it takes effect, on the wall clock. Default 0. */
  readonly latencyMs?: number;
  readonly switches?: Partial<Switches>;
  /** The site's clock, in milliseconds; nothing at the site happens but by it. Default the wall clock. */
  readonly now?: () => number;
  /** Decides over the credentials that changes make. Default 1. */
  readonly seed?: number;
  /** Default 0: a free one. */
  readonly port?: number;
}

/** An account with what only the site knows. */
interface AccountView extends FleetAccount {
  readonly changeState: number;
}

/** A client certificate, in both of its forms. */
interface ClientCertificate extends IssuedCertificate {
  /** PKCS#12, opened by the passphrase. */
  readonly pkcs12: Buffer;
}

export interface PasswordSafeSimulator {
  /** The base of the API, without a slash at its end. */
  readonly url: string;
  readonly caPem: string;
  /** Every call, in the order in which they took effect. */
  readonly audit: readonly AuditEntry[];
  readonly faults: Faults;
  /** May be changed at any time. */
  readonly switches: Switches;
  /** Pending and active requests of all users. */
  openRequests(): readonly AccessRequest[];
  /** Sessions that nobody signed out of and that have not run out. */
  openSessions(): readonly Session[];
  /** Sessions on managed systems, those that are over included. */
  sessions(): readonly TargetSession[];
  /** Somebody uses a ticket to get into a session; false when it lets nobody in, or not any more. */
  connect(ticket: string): boolean;
  /** All accounts with their current credential, canary and date. */
  accounts(): readonly AccountView[];
  credentialOf(accountId: number): string;
  /** Changes a credential out of band and gives the new one; `at` defaults to now. */
  changeCredential(accountId: number, at?: number): string;
  /** The vault is about to change the account that an alias points at, and points it at the next one. */
  switchAlias(aliasId: number): void;
  /** What is in Secrets Safe now, and what people do to it there. */
  readonly secretsSafe: SecretsSafe;
  /** What an administrator does to a user or its registrations: rotates a key, sets a password, quarantines. */
  changeUser(userName: string, change: Partial<SimulatedUser>): void;
  /** Answers the push that a user was sent, or the next one. */
  answerPush(userName: string, answer: 'approved' | 'denied'): void;
  /** A certificate that the site trusts, as its administrators hand it out. */
  issueClientCertificate(passphrase: string): Promise<ClientCertificate>;
  /** Approves as enough humans to make it active. */
  approve(requestId: number): void;
  deny(requestId: number): void;
  close(): Promise<void>;
}

const view = (site: Site, account: AccountState): AccountView => {
  site.requests.settle(account);
  const { credential, canary, lastChangedAt } = account;
  return { ...account.row, credential, canary, lastChangedAt, changeState: account.changeState(site.now()) };
};

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

/** No site without such a registration asks anybody for a certificate. */
const certificateAskedFor = (users: readonly SimulatedUser[], { certificateAsked }: Switches): CertificateAsked =>
  users.some(({ oauth, apiKey }) => oauth?.clientCertificateRequired || apiKey?.clientCertificateRequired)
    ? certificateAsked
    : 'never';

const makeSite = (options: PasswordSafeOptions): Site => {
  const { now: timeOfDay = Date.now, seed = 1 } = options;
  const { fleet = createFleet({ accounts: 24, seed }), users: people = [DEFAULT_APPLICATION, DEFAULT_APPROVER] } =
    options;
  const switches: Switches = { ...DEFAULT_SWITCHES, ...options.switches };
  const now = () => timeOfDay() + switches.clockSkewMs;
  const users = new Users(people);
  const proofs = new Proofs(users, now, switches);
  const requests = new Requests(now, switches);
  const secondFactors = new SecondFactors(now, switches);
  const accounts = new Accounts(fleet, seed, switches);
  return {
    accounts,
    aliases: new Aliases(options.aliases ?? [], accounts),
    secretsSafe: new SecretsSafe(options.secrets ?? [], seed, now),
    requests,
    targetSessions: new TargetSessions(requests, now),
    ticketSystems: options.ticketSystems ?? DEFAULT_TICKET_SYSTEMS,
    users,
    proofs,
    secondFactors,
    sessions: new Sessions(proofs, secondFactors, now, switches),
    certificateAsked: certificateAskedFor(people, switches),
    switches,
    now,
  };
};

const issueIdentity = async () => {
  const authority = await createAuthority('Password Safe simulator CA');
  return { caPem: authority.caPem, certificate: await authority.issueServerCertificate() };
};

let issued: ReturnType<typeof issueIdentity> | undefined;

/** What all sites of a process show to their callers: to make it takes longer than all else in starting a site. */
const serverIdentity = () => {
  issued ??= issueIdentity();
  return issued;
};

const listen = async (server: Server, port: number): Promise<number> => {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The simulator has no port.');
  return address.port;
};

/** A Password Safe on the loopback address. Stands until it is closed. */
export const startPasswordSafe = async (options: PasswordSafeOptions = {}): Promise<PasswordSafeSimulator> => {
  const { caPem, certificate } = await serverIdentity();
  const site = makeSite(options);
  const { certificateAsked: asked } = site;
  const service = new Service(site, createIdentification(asked), options.latencyMs ?? 0);
  // Of each site its own: what one trusts, another one does not.
  let authority: ReturnType<typeof createAuthority> | undefined;
  const callers = () => {
    authority ??= createAuthority('CA of the callers');
    return authority;
  };
  const clientCas = asked === 'never' ? [] : [(await callers()).caPem, ...(options.trustedCas ?? [])];
  const tls = { certificate, asked, clientCas };
  const server = createTlsServer(tls, (request, response) => {
    service.serve(request, response).catch((error: unknown) => {
      const isOver = request.socket.destroyed || service.stopped;
      response.destroy();
      // A caller that hung up is nothing to the site; anything else is a defect here, and must not look like a fault.
      if (!isOver) throw error;
    });
  });
  const port = await listen(server, options.port ?? 0);
  return {
    url: `https://127.0.0.1:${port}/BeyondTrust/api/public/v3`,
    caPem,
    audit: service.audit,
    faults: service.faults,
    switches: site.switches,
    openRequests: () => site.requests.allOpen(),
    sessions: () => site.targetSessions.all(),
    connect: (ticket) => site.targetSessions.connect(ticket),
    openSessions: () => site.sessions.allOpen(),
    accounts: () => site.accounts.all.map((account) => view(site, account)),
    credentialOf: (accountId) => accountOf(site, accountId).credential,
    changeCredential: (accountId, at = site.now()) => {
      const account = accountOf(site, accountId);
      account.change(at);
      return account.credential;
    },
    switchAlias: (aliasId) => site.aliases.switchOver(aliasId),
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
      service.stop();
      await server[Symbol.asyncDispose]();
    },
  };
};
