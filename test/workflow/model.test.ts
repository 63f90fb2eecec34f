import { letAnythingHappen } from '#test/support/model-property.ts';

/** A sample of what `npm run test:campaigns` looks at. */
letAnythingHappen(8);
