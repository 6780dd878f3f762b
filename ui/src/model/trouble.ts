// Troubles for views that ask the node themselves.
export { asTrouble } from '../host';
