/**
 * Lists that seldom hold more than one thing, of which there are many.
 *
 * It deliberately knows nothing of what they hold.
 */
/** The list with one more. One that is empty gets room for that alone: `push` makes room for 17. */
export function added(list, one) {
  if (list.length === 0) {
    return [one];
  }
  list.push(one);
  return list;
}
