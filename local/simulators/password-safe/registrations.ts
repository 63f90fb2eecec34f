import { addressRules } from './addresses.ts';
import type { Call } from './calls.ts';

/** What an API registration asks for besides its key or client secret. */
export interface RegistrationRules {
  /** From where calls may come: an address, a range `a-b` or a CIDR each. Default: this machine. */
  readonly ipRules?: readonly string[];
  /** Whom a load balancer may name in `X-Forwarded-For`, which has to be there once there is such a rule. */
  readonly forwardedForRules?: readonly string[];
  readonly clientCertificateRequired?: boolean;
  /** "Verify PSRUN Signature": its algorithm is not public, so that nobody can meet it here. */
  readonly psrunRequired?: boolean;
}

/** How the certificate of a connection stands with the site. */
export type CertificateStanding = 'none' | 'trusted' | 'untrusted';

/** Whoever is at the other end of a connection. */
export interface Peer {
  readonly address: string;
  readonly certificate: CertificateStanding;
}

const THIS_MACHINE = ['127.0.0.0/8', '::1'] as const;

/** The first address is the client's; each proxy on the way adds the one that it was called from. */
const forwardedFor = (call: Call): string => call.headers['x-forwarded-for']?.toString().split(',')[0]?.trim() ?? '';

const comesFromWhereItMay = (call: Call, { ipRules = THIS_MACHINE, forwardedForRules }: RegistrationRules): boolean =>
  addressRules(ipRules)(call.peer.address) &&
  (forwardedForRules === undefined || addressRules(forwardedForRules)(forwardedFor(call)));

/** Whether a call may use a registration at all. Which of its rules fails, nobody is told. */
export const meetsRules = (call: Call, rules: RegistrationRules = {}): boolean =>
  rules.psrunRequired !== true && comesFromWhereItMay(call, rules) && hasCertificate(call, rules);

const hasCertificate = ({ peer }: Call, { clientCertificateRequired = false }: RegistrationRules): boolean =>
  !clientCertificateRequired || peer.certificate === 'trusted';
