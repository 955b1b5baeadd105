import { useTexts } from "../state";
import texts from "../texts";

export default function View() {
  const say = useTexts(texts);
  return <p class="waiting">{say("frame.loading")}</p>;
}
