import { render } from "preact";
import { App } from "./app";
import "./styles/tokens.css";
import "./styles/page.css";

render(<App />, document.getElementById("page")!);
