/** A step that does nothing: gives back what it is given. */
export async function step(n: number): Promise<number> {
  return n;
}
