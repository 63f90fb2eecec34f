import { addressRules } from './addresses.ts';
import type { Call } from './calls.ts';

/** Requirements of an API registration besides its key or client secret. */
export interface RegistrationRules {
  /** Allowed source addresses. Each rule is an address, a range `a-b` or a CIDR. Default: this machine. */
  readonly ipRules?: readonly string[];
  /** Allowed addresses in `X-Forwarded-For`. With such a rule, the header is required. */
  readonly forwardedForRules?: readonly string[];
  readonly clientCertificateRequired?: boolean;
  /** "Verify PSRUN Signature". Its algorithm is not public, so no call meets this requirement here. */
  readonly psrunRequired?: boolean;
}

/** Trust of the site in the certificate of a connection. */
export type CertificateStanding = 'none' | 'trusted' | 'untrusted';

/** The other end of a connection. */
export interface Peer {
  readonly address: string;
  readonly certificate: CertificateStanding;
}

const THIS_MACHINE = ['127.0.0.0/8', '::1'] as const;

/** The first address is the client's. Each proxy appends the address of its caller. */
const forwardedFor = (call: Call): string => call.headers['x-forwarded-for']?.toString().split(',')[0]?.trim() ?? '';

const hasAllowedAddress = (call: Call, { ipRules = THIS_MACHINE, forwardedForRules }: RegistrationRules): boolean =>
  addressRules(ipRules)(call.peer.address) &&
  (forwardedForRules === undefined || addressRules(forwardedForRules)(forwardedFor(call)));

/** True if a call meets all rules of a registration. The response does not reveal which rule failed. */
export const meetsRules = (call: Call, rules: RegistrationRules = {}): boolean =>
  rules.psrunRequired !== true && hasAllowedAddress(call, rules) && hasCertificate(call, rules);

const hasCertificate = ({ peer }: Call, { clientCertificateRequired = false }: RegistrationRules): boolean =>
  !clientCertificateRequired || peer.certificate === 'trusted';
