import{u as a,a as s,t as e}from"./index-B9oIRT2t.js";function n(){const t=a(e);return s("p",{class:"waiting",children:t("frame.loading")})}export{n as default};
