"""Statements of fact that the episode gives without a source: looked up, not measured."""

from __future__ import annotations

from lessonlib.errata.row import Row

ROWS = [
    Row(
        id="F1",
        claim="The FDA has cleared hundreds of devices with AI as of 2025, most of them in "
        "radiology and cardiology.",
        verdict="FALSE",
        finding="The list had 1,016 entries on 20 December 2024 {{cite:p}}`fda1016`; a count for "
        "the end of 2025 gives 1,451, of which 76% are in radiology and 9% in cardiology "
        "{{cite:p}}`intuitionlabs2026`.",
        lesson="Say more than a thousand, and when the list was read.",
        where="sec-governance-routes",
    ),
    Row(
        id="F2",
        claim="AI diagnostics are class II by 510(k), or class III by premarket approval.",
        verdict="MISLEADING",
        finding="De Novo is left out: the route for low and moderate risk where there is nothing "
        "to compare with {{cite:p}}`cfr860-200`. The verbs differ: cleared, granted, approved "
        "{{cite:p}}`reddy2021terms`.",
        lesson="Name three routes, each with its verb.",
        where="sec-governance-routes",
    ),
    Row(
        id="F3",
        claim="Regulatory approval is mandatory before a model is used in a clinic.",
        verdict="MISLEADING",
        finding="In the EU nobody approves: a manufacturer declares conformity, with a notified "
        "body from class IIa on, where diagnostic software begins {{cite:p}}`johner-rule11`. A "
        "hospital's own device for its own patients is exempt under conditions "
        "{{cite:p}}`mdcg2023-1`.",
        lesson="Write authorisation or conformity assessment, with the exceptions.",
        where="sec-governance-routes",
    ),
    Row(
        id="F4",
        claim="The AI Act counts most diagnostic applications as high-risk.",
        verdict="TRUE",
        finding="By Article 6(1), where the law on devices asks for a third party's assessment "
        "{{cite:p}}`aiact-art6`. Its duties apply from 2 August 2028 for such products, a year "
        "later than first planned {{cite:p}}`aiact-timeline`.",
        lesson="Give the condition and the date: both have moved before.",
        where="sec-governance-routes",
    ),
    Row(
        id="F5",
        claim="Both systems require documented provenance with consent, validation for all "
        "demographics, surveillance plans and an intended use.",
        verdict="CITE",
        finding="No such common list was found. Intended use and, in the EU, surveillance "
        "{{cite:p}}`mdr-art83` are law; representative data are law for high-risk systems in the "
        "EU {{cite:p}}`aiact-art10` and a principle in the US {{cite:p}}`gmlp2021`, where 3.6% of "
        "692 summaries report race or ethnicity {{cite:p}}`muralidharan2024`.",
        lesson="Keep the two systems, and law and principle, apart.",
        where="sec-governance-routes",
    ),
    Row(
        id="F6",
        claim="It takes one to three years and hundreds of thousands to millions of dollars, and "
        "that is why research stays in papers.",
        verdict="CITE",
        finding="No source was found for software. A survey of makers of devices of all kinds, "
        "paid for by their associations in 2010, put a 510(k) at \\$31 million from concept to "
        "market {{cite:p}}`medcity2010`. For the conclusion there is none.",
        lesson="Leave out what nobody has counted.",
        where="sec-governance-routes",
    ),
    Row(
        id="F11",
        claim="A medical set of 500 images stands against the 14 million of ImageNet.",
        verdict="MISLEADING",
        finding="Fourteen million is the whole collection. The weights in common use were trained "
        "on its part ImageNet-1k, 1,281,167 images {{cite:p}}`russakovsky2015`.",
        lesson="Compare with the data that the weights saw.",
        where="sec-three-datasets",
    ),
    Row(
        id="F16",
        claim="A specialist labels an image in 10 to 30 minutes, a mask takes hours, an hour "
        "costs \\$150.",
        verdict="CITE",
        finding="Found elsewhere: 2 to 2½ minutes a case of plain films {{cite:p}}`dockray1978`, "
        "16 a CT report {{cite:p}}`sexauer2022`, 30 to 60 to outline one abdominal organ "
        "{{cite:p}}`qu2023`. For the rate no source was found.",
        lesson="Call all three assumptions, and time a pilot.",
        where="sec-cost",
    ),
    Row(
        id="F7",
        claim="In a study of 2018 a network recognised the hospital instead of pneumonia, by "
        "markings and formatting, and Grad-CAM caught it.",
        verdict="MISLEADING",
        finding="The study's evidence is external testing, an AUC of 0.931 on films of the two "
        "hospitals it trained on and 0.815 at a third, and networks that tell hospitals apart; "
        "sorting by hospital alone gives 0.861 {{cite:p}}`zech2018`. The maps in the first "
        "author's code are class activation maps {{cite:p}}`zech-cam`; no source was found for "
        "Grad-CAM having caught it.",
        lesson="Test elsewhere, and train a classifier of hospitals; maps illustrate.",
        where="sec-explain-others",
    ),
    Row(
        id="F8",
        claim="A map on the patient's label in the corner shows data leakage.",
        verdict="MISLEADING",
        finding="Two failures in one. Patients in both training and test set are a leak, which "
        "splitting by patient mends and no map shows. A mark that goes with the disease is a "
        "shortcut, which a clean split leaves in place.",
        lesson="Split by patient against the one; test under other habits against the other.",
        where="sec-explain-others fig-habits",
    ),
    Row(
        id="F15",
        claim="Grad-CAM is essential, and checking models with it is not negotiable.",
        verdict="MISLEADING",
        finding="On chest films all of seven methods, Grad-CAM being the best, found disease worse "
        "than radiologists {{cite:p}}`saporta2022`; each of eight failed at least one of four "
        "criteria {{cite:p}}`arun2021`; and explanations do not reliably find a shortcut that one "
        "does not know {{cite:p}}`adebayo2022`.",
        lesson="Use it to find suspects, and test them.",
        where="sec-explain-others sec-misleads",
    ),
]
