import { runRandomEvents } from '#test/support/model-property.ts';

/** A sample of `npm run test:campaigns`. */
runRandomEvents(8);
