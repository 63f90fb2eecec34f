import { race } from '#test/support/race-property.ts';

/** A sample of what `npm run test:campaigns` looks at. */
race(3);
