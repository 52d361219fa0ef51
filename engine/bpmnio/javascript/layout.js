// A diagram for a process that has none: XML in, the same with a diagram out.
import { layoutProcess } from 'bpmn-auto-layout';

import { answering } from './answering.js';

globalThis.layout = answering(layoutProcess);
