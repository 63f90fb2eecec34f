import { createASession } from '../create-a-session.ts';
import { createASessionAsIsa } from '../create-a-session-as-isa.ts';
import { provisioning } from '../provisioning.ts';
import { retrieveAPassword } from '../retrieve-a-password.ts';
import { retrieveAPasswordAsIsa } from '../retrieve-a-password-as-isa.ts';
import type { Example } from './stage.ts';

/** All examples, in the order of the vendor's documentation. */
export const ALL_EXAMPLES: readonly Example[] = [
  provisioning,
  retrieveAPassword,
  createASession,
  retrieveAPasswordAsIsa,
  createASessionAsIsa,
];
