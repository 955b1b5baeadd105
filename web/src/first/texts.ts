/** Texts of the first screen. */

import { texts } from "../language";

export default texts({
  "first.title": { en: "IMpower150, run again on virtual patients", zh: "在虚拟患者上重做 IMpower150" },
  "first.controls": { en: "Change the trial", zh: "改变试验" },
  "first.working": { en: "Simulating {regimen} …", zh: "正在模拟 {regimen} ……" },
  "first.made": {
    en: "{patients} virtual patients, the trial repeated {replicates} times.",
    zh: "{patients} 名虚拟患者，试验重复 {replicates} 次。",
  },
  "first.took": { en: "Simulated in {time}.", zh: "模拟用时 {time}。" },
  "first.regimen": { en: "Regimen", zh: "方案" },
  "first.population": { en: "Patients", zh: "患者" },
  "first.dose": { en: "Dose", zh: "剂量" },
  "first.reset": { en: "Back to the trial as published", zh: "恢复为发表时的试验" },
  "first.endpoint": { en: "Endpoint", zh: "终点" },
  "first.pfs": { en: "Progression-free survival", zh: "无进展生存期" },
  "first.os": { en: "Overall survival", zh: "总生存期" },
});
