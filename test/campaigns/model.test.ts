import { letAnythingHappen } from '#test/support/model-property.ts';

letAnythingHappen(80);
