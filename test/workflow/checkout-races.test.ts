import { race } from '#test/support/race-property.ts';

/** A sample of `npm run test:campaigns`. */
race(3);
