import { createASession } from '../create-a-session.ts';
import { createASessionAsIsa } from '../create-a-session-as-isa.ts';
import { provisioning } from '../provisioning.ts';
import { retrieveAPassword } from '../retrieve-a-password.ts';
import { retrieveAPasswordAsIsa } from '../retrieve-a-password-as-isa.ts';
import { rotation } from '../rotation.ts';
import type { Example } from './stage.ts';

/** All examples: those of the vendor's documentation in its order, and the rotation. */
export const ALL_EXAMPLES: readonly Example[] = [
  provisioning,
  retrieveAPassword,
  createASession,
  retrieveAPasswordAsIsa,
  createASessionAsIsa,
  rotation,
];
