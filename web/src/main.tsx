import { render } from "preact";
import { App } from "./app";
import "./styles/tokens.css";
import "./styles/page.css";
import "./styles/print.css";

render(<App />, document.getElementById("page")!);
