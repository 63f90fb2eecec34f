import { race } from '#test/support/race-property.ts';

race(30);
