/** What calls the workflows over Restate's ingress, whatever the language of the service. */

import { drive } from "./driver.js";

await drive(async (work) => {
  const isKept = work === "held" || work === "asleep";
  const name = work === "one_write" ? "ten_steps" : work;
  const answer = await fetch(`${process.env.INGRESS}/rival/${name}${isKept ? "/send" : ""}`, { method: "POST" });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status}: ${text}`);
});
