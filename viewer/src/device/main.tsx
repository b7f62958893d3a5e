// Starts the device page.

import { effect } from "@preact/signals";
import { render } from "preact";
import "../style/tokens.css";
import "../style/base.css";
import "../style/button.css";
import "../style/banner.css";
import "./device.css";
import "./controls.css";
import "./check.css";
import "./marks.css";
import "./mask.css";
import "./scale.css";
import "./visit.css";
import { Desk } from "./desk";
import { say } from "./say";
import { DeviceScreen } from "./screen";

const desk = new Desk();
void desk.run();
effect(() => {
  document.title = `${say("title")} – ${say("name")}`;
});
const root = document.getElementById("app");
if (root !== null) render(<DeviceScreen desk={desk} />, root);
