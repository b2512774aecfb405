/* Every word that the desk's pages say, in each of their languages, once. Names of what data or an
 * office file defines are not here. */
#ifndef SOTTO_DESK_WORDS_H
#define SOTTO_DESK_WORDS_H

/* clang-format off */
/* X(name, English, Traditional Chinese). {1} stands for what is said with it. */
#define DESK_WORDS(X) \
    X(NONE, "", "") \
    /* Frame */ \
    X(DESK, "Request desk", "請求處") \
    X(SKIP, "Skip to content", "跳至內容") \
    X(MENU_PUBLIC, "Public pages", "公開頁面") \
    X(MENU_DESK, "Desk", "內部頁面") \
    X(STATUS, "Status", "現況") \
    X(POLICY, "Policy", "政策") \
    X(GUIDELINES, "Guidelines for authorities", "機關指引") \
    X(FILE, "File a request", "提出請求") \
    X(FILING_STATUS, "Where a filing stands", "查詢來件") \
    X(REPORT, "Report", "透明度報告") \
    X(LEDGER, "Ledger", "帳冊") \
    X(LOGIN, "Sign in", "登入") \
    X(LOGOUT, "Sign out", "登出") \
    X(QUEUE, "Queue", "待辦案件") \
    X(TASKS, "Tasks", "待辦事項") \
    X(BOARD, "Suspensions", "暫停") \
    X(OFFICE, "Office", "職員與權限") \
    X(ME, "My account", "我的帳戶") \
    X(DEMONSTRATION, "Demonstration.", "示範。") \
    X(DEMONSTRATION_TEXT, \
      "This desk exists to show how it works. Its people, authorities and cases are invented, and nothing here is confidential.", \
      "本處僅供示範。人員、機關及案件均屬虛構，所有資料均不保密。") \
    X(FOOT, \
      "Three reviews, apart from each other. Every move is signed and entered in a public ledger. The public sees roles, never names.", \
      "三項審查各自獨立。每一步均經簽署並載入公開帳冊。公眾只見職責，不見姓名。") \
    X(FOOT_OFFICE, "Office file {1}", "職員名冊第{1}版") \
    X(FOOT_LIST, "Suspension list {1}", "暫停清單第{1}版") \
    /* Messages */ \
    X(NOT_FOUND, "Not found", "找不到") \
    X(NOT_FOUND_TEXT, \
      "There is no such page or thing, or it is not for you.", \
      "沒有此頁面或資料，或您無權查閱。") \
    X(BUSY, "Not now", "暫時未能處理") \
    X(BUSY_TEXT, \
      "The desk is busy with something else. Please try again in a moment.", \
      "系統正忙，請稍候再試。") \
    X(BAD, "That can't be read", "無法讀取") \
    X(BAD_TEXT, \
      "What was sent is incomplete or malformed. Nothing was changed.", \
      "所提交的資料不完整或格式有誤。未作任何更改。") \
    X(FAILED, "Something failed here", "系統發生故障") \
    X(FAILED_TEXT, \
      "The fault is ours. Nothing was changed. Please try again later.", \
      "故障在本處。未作任何更改。請稍後再試。") \
    X(TOO_LARGE, "Too large", "資料過大") \
    X(TOO_LARGE_TEXT, \
      "What was sent is larger than this page takes. A filing may have 16 attachments of 16 MiB each, 48 MiB together.", \
      "所提交的資料超出上限。每宗來件最多16個附件，每個不超過16 MiB，合共不超過48 MiB。") \
    X(REFUSED, "Refused", "不予接受") \
    X(REFUSED_TEXT, "The desk refused this. Nothing was changed.", "本處不接受此項，未作任何更改。") \
    X(REFUSED_LINE, "It is about line {1} of the text.", "問題在文本第{1}行。") \
    X(REFUSED_BACK, \
      "Go back in your browser to keep what you filled in.", \
      "請按瀏覽器的「上一頁」，以保留已填寫的內容。") \
    X(OTHER_SITE, "Sent from another site", "由其他網站提交") \
    X(OTHER_SITE_TEXT, \
      "This form came from a page that is not ours. Nothing was changed.", \
      "此表格並非由本處頁面提交。未作任何更改。") \
    X(DONE, "Done.", "已完成。") \
    X(SAVE, "Save", "儲存") \
    X(SHOW, "Show", "顯示") \
    X(NEXT, "Next", "下一步") \
    X(MORE, "More", "更多") \
    X(HELP, "What to look for", "審查要點") \
    X(OPTIONAL, "optional", "可選填") \
    X(YES, "Yes", "是") \
    X(NO, "No", "否") \
    X(UNKNOWN, "Unknown", "不明") \
    X(TEXT, "Text", "文本") \
    /* Time */ \
    X(IN_DAYS, "in {1} days", "{1}日後") \
    X(IN_HOURS, "in {1} hours", "{1}小時後") \
    X(IN_MINUTES, "in {1} minutes", "{1}分鐘後") \
    X(DAYS_AGO, "{1} days ago", "{1}日前") \
    X(HOURS_AGO, "{1} hours ago", "{1}小時前") \
    X(MINUTES_AGO, "{1} minutes ago", "{1}分鐘前") \
    X(OVERDUE, "overdue", "已逾期") \
    X(NO_DEADLINE, "No deadline", "無期限") \
    /* The script */ \
    X(SAY_FAILED, "That did not work:", "未能完成：") \
    X(SAY_REFUSED, "The desk refused the signature.", "本處不接受此簽署。") \
    X(SAY_NO_PRF, \
      "This passkey can't open what is sealed (it has no PRF).", \
      "此通行密鑰無法開啟密封資料（不支援PRF）。") \
    X(SAY_NO_KEY, \
      "The desk holds no key of yours for this passkey. Use the other one, or enrol again.", \
      "本處沒有您此通行密鑰所對應的密鑰。請改用另一把，或重新登記。") \
    X(SAY_NO_WRAP, \
      "The key of this case has not been given to you yet. Somebody who has it can give it, under Tasks.", \
      "您尚未獲得本案密鑰。持有者可於「待辦事項」中授予。") \
    X(SAY_BAD_WRAP, \
      "What you were given as the key of this case opens nothing, and was taken away. Somebody who has the key can give it anew, under Tasks. Tell the auditor if it happens again.", \
      "您所獲的本案密鑰無法開啟內容，已予撤銷。持有者可於「待辦事項」中重新授予。如再發生，請告知稽核員。") \
    X(SAY_GONE, "It is not there any more.", "資料已不存在。") \
    X(SAY_SAVE, "Save as a file", "存為檔案") \
    X(SAY_PICTURE, "Picture from an attachment", "附件圖像") \
    X(SAY_OPENING, "Opening…", "開啟中……") \
    X(SAY_OPENED, "Opened.", "已開啟。") \
    X(SAY_SIGNING, "Waiting for your passkey…", "等候您的通行密鑰……") \
    X(SAY_OTHER_ORDER, \
      "The sealed order is not the one that is to be signed.", \
      "密封的命令並非待簽署者。") \
    X(SAY_WRAPPED, "Keys given:", "已授予密鑰數目：") \
    X(SAY_PASSKEYS, "Passkeys made:", "已建立通行密鑰數目：") \
    X(SAY_WORKING, "Doing the work that a filing costs…", "正進行提交所需的運算……") \
    X(NEEDS_SCRIPT, \
      "Signing and opening sealed contents need the desk's script. Texts can also be signed with sotto-desk sign, and their signature lines pasted.", \
      "簽署及開啟密封資料須使用本處的程式碼。亦可用 sotto-desk sign 簽署，然後貼上簽署行。") \
    /* Home */ \
    X(HOME_TITLE, "How governments are answered here", "本服務如何回應政府請求") \
    X(HOME_LEAD, \
      "Requests for data about people are answered by one written procedure, the same for every state. Three reviewers look at each: under our policy, under the law that governs it, and under international human-rights standards. What any one of them finds blocking, blocks. What is suspended is said here, in its exact words.", \
      "凡索取個人資料的請求，不論來自何國，均按同一書面程序處理。每宗由三名審查員分別依據本服務政策、適用法律及國際人權標準審查。任何一人認為應予阻止者，即予阻止。已暫停處理者，於此以原文公布。") \
    X(HOME_HOW, "How a request goes", "請求如何處理") \
    X(HOME_STEP_1, \
      "It is received, numbered and receipted. The receipt's hash is entered in the public ledger.", \
      "收件、編號並發出回條。回條的雜湊值載入公開帳冊。") \
    X(HOME_STEP_2, \
      "A second person calls the authority back, on a number of our own directory.", \
      "由另一人按本處自備名錄的號碼致電該機關核實。") \
    X(HOME_STEP_3, \
      "Three reviewers answer their checklists. None sees another's answer before all are in.", \
      "三名審查員各自填寫審查清單。在全部提交前，彼此互不可見。") \
    X(HOME_STEP_4, \
      "The user is told before anything is given, unless a law forbids it, and may object.", \
      "除法律禁止外，提供任何資料前先通知用戶，用戶可提出異議。") \
    X(HOME_STEP_5, \
      "An order that all of them signed is checked by the server itself. It gives the approved fields of the record and nothing else.", \
      "全體簽署的命令由伺服器自行查核，只提供獲准的紀錄欄位。") \
    X(NO_OFFICE, \
      "This desk has no office file yet. It receives nothing and releases nothing.", \
      "本處尚未設立職員名冊，不收件亦不披露任何資料。") \
    X(NO_LIST, \
      "This desk has no suspension list yet. It releases nothing.", \
      "本處尚未設立暫停清單，不披露任何資料。") \
    X(FROZEN, \
      "All releases are frozen. Any one person of the office can do this; ending it takes three, and 72 hours.", \
      "一切披露現已凍結。任何一名職員均可凍結；解除須三人簽署並經72小時。") \
    X(NO_QUORUM, \
      "The office lacks people for a release. It still receives, suspends, rejects and reports.", \
      "人員不足以作出披露。本處仍會收件、暫停、拒絕及報告。") \
    X(COULD_COMPEL, \
      "Those whom the law of {1} binds are enough to sign a release.", \
      "受{1}法律約束的人員已足以簽署披露命令。") \
    X(NOT_WITNESSED, \
      "The ledger is not witnessed: nobody outside confirms that everybody is shown the same one.", \
      "帳冊未經見證：沒有外部人士確認各方所見為同一帳冊。") \
    X(NOT_WITNESSED_SHORT, "Not witnessed", "未經見證") \
    X(REVIEWS_OVERDUE, \
      "Reviews of suspensions that are overdue: {1}. A missed review leaves the suspension in force.", \
      "逾期未覆核的暫停：{1}項。未如期覆核者，暫停繼續生效。") \
    /* Suspensions */ \
    X(SUSPENSIONS, "What is suspended", "現正暫停") \
    X(SUSPENSION, "Suspension", "暫停") \
    X(SUSPENDED, "Suspended", "已暫停") \
    X(SUSPENDED_SOON, "Announced", "已公布") \
    X(NOTHING_SUSPENDED, "Nothing is suspended.", "現無暫停。") \
    X(SUSPENSION_ID, "Name", "名稱") \
    X(SINCE, "Since", "生效日期") \
    X(REVIEW_DUE, "Next review", "下次覆核") \
    X(REVIEW_OVERDUE, "Review overdue", "覆核逾期") \
    X(SCOPE, "Scope", "範圍") \
    X(SCOPE_ALL, "All requests", "一切請求") \
    X(SCOPE_REGIMES, "Requests under", "以下制度的請求") \
    X(SCOPE_AUTHORITIES, "Requests of", "以下機關的請求") \
    X(BINDS, "It binds", "適用於") \
    X(BINDS_TEXT, \
      "Requests from there, and requests from elsewhere that are made for it.", \
      "由該地發出的請求，以及由他處為該地發出的請求。") \
    X(CARVE_OUTS, "Carve-outs", "例外") \
    X(CARVE_OUTS_NONE, "None. Emergencies are no exception.", "無。緊急情況亦不例外。") \
    X(CONSEQUENCE, "Legal consequence of suspending", "暫停的法律後果") \
    X(LIFT_NOTICE, "Notice: {1} is to be lifted", "公告：擬解除{1}") \
    X(LIFT_NOTICE_PART, "Notice: {1} is to be lifted in part", "公告：擬部分解除{1}") \
    X(LIFT_NOTICE_TEXT, \
      "It stays in force at least 14 days after this notice, seen by an outside witness.", \
      "公告後至少14日內暫停仍然生效，並由外部見證人見證。") \
    /* Board */ \
    X(DRAFT_NEXT_TEXT, \
      "A draft is a text that others sign. It binds when those have signed whom its difference from the present list demands.", \
      "草稿須由他人簽署。按其與現行清單的差異所需的人員全部簽署後，即告生效。") \
    X(DRAFT, "Draft it", "草擬") \
    X(FREEZE, "Freeze all releases", "凍結一切披露") \
    X(FREEZE_TEXT, \
      "One signature, of anybody in the office, acts at once. Use it whenever somebody is under pressure.", \
      "任何一名職員簽署，即時生效。凡有人受壓，即可使用。") \
    X(UNFREEZE, "End the freeze", "解除凍結") \
    X(UNFREEZE_TEXT, \
      "Takes the approver and two reviewers, and 72 hours since the freeze.", \
      "須核准人及兩名審查員簽署，並距凍結滿72小時。") \
    X(SUSPEND, "Suspend a jurisdiction", "暫停一司法管轄區") \
    X(SUSPEND_TEXT, \
      "Two signatures (human rights, local law, approver). It acts at once and is public at once: every case from there or for it is held, wherever it stands.", \
      "須兩人簽署（人權、當地法律、核准人）。即時生效並即時公布：凡由該地發出或為該地發出的案件，不論處於何階段，一律擱置。") \
    X(ID_HINT, "Small letters, digits, hyphens and points.", "小寫字母、數字、連字號及句點。") \
    X(JURISDICTION, "Jurisdiction", "司法管轄區") \
    X(JURISDICTIONS, "Jurisdictions", "司法管轄區") \
    X(JURISDICTIONS_HINT, \
      "Two capital letters each, with a space between: CN HK.", \
      "每個以兩個大寫字母表示，以空格分隔：CN HK。") \
    X(WORDING, "Exact public wording", "公布的確切文字") \
    X(WORDING_HINT, \
      "What everybody reads on the status page. One paragraph a line.", \
      "公眾在現況頁所見的文字。每行一段。") \
    X(REVIEW_HINT, "At most 90 days from now.", "由現在起計不超過90日。") \
    X(CONSEQUENCE_HINT, \
      "For a state of the European Union: which duties of the Regulation are not met, and who bears that.", \
      "如屬歐盟成員國：未履行條例的哪些義務，由誰承擔。") \
    X(EXTEND, "Extend a suspension", "擴大暫停") \
    X(EXTEND_TEXT, "Adds jurisdictions, widens the scope, or takes exceptions away. Two signatures.", "增加司法管轄區、擴大範圍或撤去例外。須兩人簽署。") \
    X(REVIEW_MADE, "Record a review", "記錄覆核") \
    X(REVIEW_MADE_TEXT, \
      "Sets the next review date. Two signatures. The suspension stays.", \
      "訂定下次覆核日期。須兩人簽署。暫停繼續。") \
    X(LIFT_ANNOUNCE, "Announce a lift", "公告擬解除") \
    X(LIFT_ANNOUNCE_TEXT, \
      "Two signatures. The lift itself follows after 14 days at least, seen by an outside witness.", \
      "須兩人簽署。其後至少14日並經外部見證人見證，方可解除。") \
    X(NOTICE_ID, "Name of the notice", "公告名稱") \
    X(NOTICE_OF_LIFT, "Notice", "公告") \
    X(LIFT, "Lift a suspension", "解除暫停") \
    /* Papers */ \
    X(PAPERS, "Waiting for signatures", "等候簽署") \
    X(PAPERS_NONE, "None.", "無。") \
    X(A_PAPER_OFFICE, "Office file", "職員名冊") \
    X(A_PAPER_LIST, "Suspension list", "暫停清單") \
    X(PAPERS_TEXT, \
      "Office files and suspension lists that were drafted and are not in force yet, by the hash of their text.", \
      "已草擬而尚未生效的職員名冊及暫停清單，以文本雜湊值標示。") \
    X(PAPER_OFFICE, "An office file to be signed", "待簽署的職員名冊") \
    X(PAPER_LIST, "A suspension list to be signed", "待簽署的暫停清單") \
    X(PAPER_LEAD, \
      "Read it. What you sign is this text, byte for byte. It comes into force with the last signature that it needs.", \
      "請先閱讀。您所簽署者即為此文本，逐位元組相同。取得所需最後一個簽署時即告生效。") \
    X(SIGNED_SO_FAR, "Signed so far", "已簽署者") \
    X(SIGNED_BY_NOBODY, "Nobody has signed yet.", "尚無人簽署。") \
    X(SIGNATURES, "Signatures", "簽署") \
    X(HOW, "With", "方式") \
    X(HOW_PASSKEY, "Passkey", "通行密鑰") \
    X(HOW_SSH, "SSH key, on a machine of their own", "SSH密鑰（於本人電腦）") \
    X(TO_SIGN, "To be signed", "待簽署文本") \
    /* Signing in */ \
    X(LOGIN_LEAD, \
      "For the people of this desk. You need your passkey; there are no passwords.", \
      "僅供本處人員使用。須使用通行密鑰；本處不設密碼。") \
    X(PERSON, "Person", "人員") \
    X(PERSON_HINT, "Your id in the office file.", "您在職員名冊中的識別碼。") \
    X(NO_PERSON, "Nobody in the office file has this id.", "職員名冊中沒有此識別碼。") \
    X(LOGIN_TEXT, \
      "A session lasts 15 minutes. It begins when you sign this text.", \
      "簽署以下文本後開始工作階段，為時15分鐘。") \
    X(LOGIN_PASSKEY, "Sign with your passkey", "以通行密鑰簽署") \
    X(LOGIN_ACT_AS, "Sign with the demonstration's passkey", "以示範用通行密鑰簽署") \
    X(LOGIN_BOUND, \
      "The law of a suspended jurisdiction binds you. You can't act here until the suspension is lifted.", \
      "您受已暫停司法管轄區的法律約束，在解除前不得行事。") \
    X(LOGIN_REFUSED, \
      "The signature is wrong, too old, or not yours. Nothing began. Try again from the beginning.", \
      "簽署有誤、逾時或非您本人所簽。工作階段未開始，請重新登入。") \
    X(ACT_AS, "Act as one of the people", "扮演其中一人") \
    X(ACT_AS_TEXT, \
      "In this demonstration the passkeys of all the people are held in software, and your browser may use any of them. The desk checks their signatures as it checks any other.", \
      "在此示範中，各人的通行密鑰均以軟件保存，您的瀏覽器可使用任何一把。本處以同樣方式查核其簽署。") \
    X(OWN_MACHINE, "Signed on a machine of your own", "於本人電腦簽署") \
    X(OWN_MACHINE_TEXT, \
      "Save the text, sign it with sotto-desk sign, which shows it to you again, and paste the line that it makes.", \
      "儲存文本，以 sotto-desk sign 簽署（程式會再次顯示文本），然後貼上所產生的簽署行。") \
    X(SIGNATURE_LINES, "Signature lines", "簽署行") \
    X(SEND_LINES, "Send with the pasted lines", "連同貼上的簽署行提交") \
    X(SIGN, "Sign and send", "簽署並提交") \
    X(SIGN_LEAD, "Read it. What you sign is this text, byte for byte.", "請先閱讀。您所簽署者即為此文本，逐位元組相同。") \
    /* Enrolment */ \
    X(ENROL, "Enrol", "登記") \
    X(ENROL_LEAD, "For who was given a code by this desk.", "供已獲本處發給代碼者使用。") \
    X(CODE, "Code", "代碼") \
    X(CODE_HINT, "It counts once, for an hour.", "一次有效，為時一小時。") \
    X(CODE_WRONG, \
      "This code is wrong, was used, or is over. Ask for another.", \
      "代碼有誤、已使用或已過期，請另行索取。") \
    X(ENROL_KEYS, \
      "Make two passkeys, on two devices: one lost must not lock you out. Your browser also makes the key that opens what is sealed to you; the desk keeps it wrapped, and can't open it.", \
      "請在兩部裝置上各建立一把通行密鑰，以免遺失其一即無法登入。瀏覽器並會建立用以開啟密封資料的密鑰；本處僅保存經包裹的密鑰，無法開啟。") \
    X(SSH_KEYS, "SSH keys", "SSH密鑰") \
    X(SSH_KEYS_HINT, \
      "Public keys of hardware that verifies you (ed25519-sk or ecdsa-sk), one a line, as ssh-add -L shows them. Releases, lifts and changes of the office need one signature of this kind.", \
      "驗證本人的硬件密鑰（ed25519-sk或ecdsa-sk）的公鑰，每行一把，格式如 ssh-add -L 所示。披露、解除及更改職員名冊均須一個此類簽署。") \
    X(MAKE_PASSKEY, "Make a passkey", "建立通行密鑰") \
    X(ENROL_DONE, "Hand in", "提交") \
    X(ENROLLED, \
      "Handed in. You act here once the next office file names you, signed by others.", \
      "已提交。待下一版職員名冊載有您並經他人簽署後，您方可行事。") \
    /* Queue and tasks */ \
    X(CASE, "Case", "案件") \
    X(CASES, "Cases", "案件") \
    X(STATE, "State", "狀態") \
    X(AUTHORITY, "Authority", "機關") \
    X(REGIME, "Regime", "制度") \
    X(WAITS_FOR, "Waits for", "等候") \
    X(DEADLINE, "Deadline", "期限") \
    X(COUNTS, "Cases by state", "各狀態案件數目") \
    X(ANYBODY, "Anybody", "任何人") \
    X(MY_ROLES, "My roles", "我的職責") \
    X(ANY_OPEN, "Any that is open", "所有未結案件") \
    X(MINE, "Only cases that I act in", "只顯示我參與的案件") \
    X(NOTHING_WAITS, "No case is here.", "沒有案件。") \
    X(NOT_CLASSIFIED, "Not classified yet", "尚未分類") \
    X(TASK, "Task", "事項") \
    X(ABOUT, "About", "關於") \
    X(TASKS_LEAD, "What time has brought. No clock releases anything.", "因時限而產生的事項。任何計時均不導致披露。") \
    X(NO_TASKS, "Nothing is to be done.", "沒有待辦事項。") \
    X(TASK_DEADLINE, "A deadline comes near", "期限將至") \
    X(TASK_LATE_NOTICE, "A user may be told now", "現可通知用戶") \
    X(TASK_BAR_ENDS, "A bar on telling the user ends", "禁止通知令屆滿") \
    X(TASK_NOBODY, "Nobody can act in time: a letter is to be signed", "無人可及時處理：須簽發信函") \
    X(TASK_AFTER_VERDICT, "Reviews that an emergency left out", "緊急情況所略去的審查") \
    X(TASK_REVIEW, "A suspension is to be reviewed", "須覆核暫停") \
    X(TASK_CARRY, "An order is complete: carry it to the server", "命令已齊備：須送交伺服器") \
    X(TASK_REWRAP, "Somebody lacks the key of a case", "有人缺少案件密鑰") \
    X(TASK_CLOCK, "The machine's clock jumped", "系統時鐘跳動") \
    X(TASK_REFUSED, "The server refused an order: it is to be made anew", "伺服器拒絕命令：須重新作出") \
    X(TASK_SILENT, "The authority was to clarify by now", "機關補充說明期限已過") \
    X(TASK_NOTICE_OVER, "The user's time to object is over: a new round can begin", "用戶異議期已滿：可展開新一輪審查") \
    X(TASK_PROCESS, "The legal process after an emergency is due", "緊急披露後的法律程序文件已到期") \
    X(TASK_PRESERVED, "What is preserved ends soon", "保存期限將屆") \
    X(CARRY, "To the server and back", "往返伺服器") \
    X(CARRY_LEAD, \
      "Each order that is complete, until it is void. Save it, take it to the server, and enter here what came back. The server checks every signature itself.", \
      "所有已齊備而未失效的命令。請儲存並送交伺服器，再於此登記結果。伺服器自行查核每一簽署。") \
    X(CARRY_NONE, "Nothing is to be carried.", "沒有須送交的命令。") \
    X(CARRY_VOID, "Void", "失效時間") \
    X(CARRY_SAVE, "Open and save the order", "開啟並儲存命令") \
    X(CARRY_DELIVER, "Enter the manifest", "登記清單") \
    X(CARRY_DONE, "It was carried out", "已執行") \
    X(CARRY_REFUSED, "The server refused it", "伺服器已拒絕") \
    X(CARRY_REASON, "The server's word", "伺服器所示代碼") \
    X(CARRY_REASON_HINT, "As it printed it: EXPIRED, STALE_LIST...", "照其所示輸入：EXPIRED、STALE_LIST等。") \
    X(REWRAP, "Keys for who lacks them", "補發密鑰") \
    X(REWRAP_LEAD, \
      "Who holds the key of a case gives it to those whose role needs it. Your browser does it; the desk never sees the key.", \
      "持有案件密鑰者，將其授予職責所需的人員。此事由您的瀏覽器完成；本處永不得見密鑰。") \
    X(REWRAP_NONE, "Nobody lacks a key.", "無人缺少密鑰。") \
    X(REWRAP_DO, "Give the keys", "授予密鑰") \
    /* A case */ \
    X(FACTS, "Facts", "案情") \
    X(RECEIVED, "Received", "收件時間") \
    X(RECEIPT_HASH, "Receipt (SHA-256)", "回條（SHA-256）") \
    X(PROCESS, "Process", "程序") \
    X(CATEGORY, "Category of data", "資料類別") \
    X(BENEFICIARY, "Beneficiary", "受益司法管轄區") \
    X(FIELDS, "Fields of the record", "紀錄欄位") \
    X(FIELDS_ASKED, "Fields asked for", "所索欄位") \
    X(FIELDS_ORDER, "Fields of the order", "命令所載欄位") \
    X(ACCOUNTS, "Accounts named", "所列帳戶數目") \
    X(ORDER_MADE, "Order drafted", "命令草擬時間") \
    X(NOTICE_WAITS, "Notice signed, to be carried", "通知已簽署，待送交") \
    X(NOTIFIED_ON, "User told", "通知用戶時間") \
    X(OBJECTED_ON, "User objected", "用戶異議時間") \
    X(BAR_UNTIL, "Bar on telling until", "禁止通知至") \
    X(PRESERVED_UNTIL, "Preserved until", "保全至") \
    X(RELEASED_ON, "Released", "披露時間") \
    X(DELIVERED_ON, "Delivered", "交付時間") \
    X(PATH, "Path", "途徑") \
    X(PATH_ORDINARY, "Ordinary", "一般") \
    X(PATH_EMERGENCY, "Emergency", "緊急") \
    X(PATH_COMPELLED, "Compelled", "強制") \
    X(KIND, "Kind", "種類") \
    X(KIND_PRODUCE, "Disclose", "披露") \
    X(KIND_PRESERVE, "Preserve", "保全") \
    X(KIND_DEMAND, "Demand that nobody can carry out", "無人能執行的要求") \
    X(HOLD_SUSPENDED, \
      "Held: its issuer or its beneficiary is suspended. Nothing moves it towards release, an emergency included.", \
      "擱置：發出者或受益者已被暫停。任何情況（包括緊急）均不得推進至披露。") \
    X(HOLD_UNKNOWN, \
      "Held: a reviewer answered that the beneficiary is unknown.", \
      "擱置：有審查員認為受益司法管轄區不明。") \
    X(HOLD_DIFFER, \
      "Held: the reviewers named different beneficiaries.", \
      "擱置：審查員所填受益司法管轄區不一致。") \
    X(DUE_REJECT, "A reviewer blocked it. It can only be rejected.", "有審查員阻止，只可拒絕。") \
    X(DUE_DRAFT, \
      "A new order must be drafted before reviewers can go on.", \
      "須先草擬新命令，審查方可繼續。") \
    X(WHAT_NEXT, "What you can do", "您可採取的步驟") \
    X(NOTHING_TO_DO, "Nothing, in your role, now.", "以您的職責，目前沒有可採取的步驟。") \
    X(SECOND_NEEDED, "One has signed; yours is needed, too.", "已有一人簽署，尚需您的簽署。") \
    X(REVIEW, "Review", "審查") \
    X(REVIEWERS, "Reviewers of the rounds", "各輪審查員") \
    X(REVIEW_HIDDEN, \
      "Verdicts stay hidden until all of a round are in.", \
      "同一輪的結論在全部提交前互不公開。") \
    X(LENS, "Lens", "審查角度") \
    X(ROUND, "Round", "輪次") \
    X(VERDICT, "Verdict", "結論") \
    X(SEAT_OUT, "Out", "已退出") \
    X(SEAT_WAITS, "Not yet", "未提交") \
    X(SEAT_HIDDEN, "In, hidden", "已提交，未公開") \
    X(LENS_POLICY, "Policy", "政策") \
    X(LENS_LOCAL_LAW, "Local law", "當地法律") \
    X(LENS_HUMAN_RIGHTS, "Human rights", "人權") \
    X(VERDICT_CLEAR, "Clear: I sign the order as it stands", "通過：我簽署現有命令") \
    X(VERDICT_BLOCK, "Block", "阻止") \
    X(VERDICT_CLARIFY, "Ask the authority to clarify", "要求機關澄清") \
    X(VERDICT_NARROW, "Narrow it", "收窄") \
    X(VERDICT_EXPERT, "Ask an outside expert", "徵詢外部專家") \
    X(HISTORY, "History", "歷程") \
    X(MOVE_NUMBER, "Move {1}", "第{1}步") \
    X(BY_DESK, "the desk itself", "系統") \
    X(PENDING, "more signatures needed", "尚需簽署") \
    X(EXPERTS, "Outside experts", "外部專家") \
    X(EXPERTS_TEXT, \
      "They can't open this case before somebody who can gives them its key.", \
      "專家須由持有本案密鑰者授予後，方可開啟本案。") \
    X(SEALED, "Sealed contents", "密封內容") \
    X(SEALED_TEXT, \
      "What names an account or is free text is sealed to the people of this case. The desk itself can't read it: your browser opens it with your passkey.", \
      "凡指明帳戶或屬自由文字者，均密封予本案人員。系統本身無法閱讀，由您的瀏覽器以通行密鑰開啟。") \
    X(OPEN_SEALED, "Open what is sealed", "開啟密封內容") \
    X(STILL_SEALED, "Sealed.", "密封。") \
    X(BYTES, "{1} bytes", "{1}位元組") \
    X(SEALED_FILING, "Filing", "來件") \
    X(SEALED_ATTACHMENT, "Attachment", "附件") \
    X(PICTURE_PAGE, "page {1}", "第{1}頁") \
    X(SEALED_PICTURE, "Picture of attachment", "附件圖像") \
    X(SEALED_MOVE, "Text of move", "步驟文本") \
    X(SEALED_ORDER, "Order, move", "命令，步驟") \
    X(SEALED_LETTER, "Letter", "信函") \
    X(SEALED_OBJECTION, "Objection", "異議") \
    X(SEALED_MANIFEST, "Manifest", "清單") \
    /* Composing */ \
    X(COMPOSE, "Show the text to sign", "顯示待簽署文本") \
    X(COMPOSE_TEXT, \
      "Nothing happens yet. Next you see the exact text that you sign.", \
      "此時未作任何更改。下一步將顯示您所簽署的確切文本。") \
    X(SECONDS_TEXT, \
      "Somebody has begun this move. You sign the same, in your role.", \
      "已有人開始此步驟。您以本人職責簽署同一事項。") \
    X(AUTHORITY_ID_HINT, "Its id in the directory.", "名錄中的識別碼。") \
    X(BENEFICIARY_FORM_HINT, \
      "Whom the answer is for: two capital letters, or unknown.", \
      "答覆為誰而作：兩個大寫字母，或填 unknown。") \
    X(ACCOUNTS_FORM_HINT, "How many the filing names.", "來件所列數目。") \
    X(CARVE_OUTS_FORM_HINT, \
      "Names of carve-outs of a suspension on which it relies. Empty for none.", \
      "所依據的暫停例外名稱。無則留空。") \
    X(BLOCKS_IF, "Blocks, or must be cured, if unknown or", "下列答案即予阻止或須補救：不明或") \
    X(CALLED_NUMBER, "Number that you called", "您所致電的號碼") \
    X(CALLED_NUMBER_HINT, \
      "Only numbers of our own directory. Never one from the filing.", \
      "僅限本處名錄的號碼。切勿使用來件所載號碼。") \
    X(REASON, "Reason", "理由") \
    X(REASON_HINT, \
      "It is sealed with the case. Name no account and no person in it unless you must.", \
      "與案件一同密封。非必要請勿提及帳戶或個人。") \
    X(VERDICT_NOTE, \
      "Answer for yourself. Others don't see your verdict before all of the round are in. Unknown is the blocking answer.", \
      "請獨立作答。同輪結論全部提交前，他人不可見。「不明」即屬阻止。") \
    X(CITES, "Given under", "依據") \
    X(CITES_VERSION, "version {1}", "第{1}版") \
    X(BENEFICIARY_VERDICT_HINT, \
      "Whom you think the answer is for, whoever asks: two capital letters, or unknown, which holds the case.", \
      "您認為答覆為誰而作，不論由誰提出：兩個大寫字母；填 unknown 則擱置案件。") \
    X(CONFLICT, "Conflict of interest", "利益衝突") \
    X(CONFLICT_NO, "I have none in this case", "本案中我沒有利益衝突") \
    X(CONFLICT_YES, "I have one: I must recuse instead", "我有利益衝突：須改為迴避") \
    X(ACCOUNT_BY, "Account named by", "帳戶指明方式") \
    X(ACCOUNT_ID, "Account id", "帳戶識別碼") \
    X(ACCOUNT_KEY, "Identity key", "身分密鑰") \
    X(ACCOUNT_HANDLE, "Handle", "代號") \
    X(ACCOUNT_LINK, "Invite link", "邀請連結") \
    X(ACCOUNT_NAME, "Account", "帳戶") \
    X(ACCOUNT_NAME_HINT, \
      "Exactly as the filing has it. It is not tested for existence.", \
      "與來件完全一致。不會測試其是否存在。") \
    X(NOTICE_WORDING, "What the user reads", "用戶所讀文字") \
    X(NOTICE_WORDING_HINT, \
      "One paragraph a line. It is signed by two and shown in the account's own apps.", \
      "每行一段。由兩人簽署，並於該帳戶的應用程式中顯示。") \
    X(ORDER, "The order", "命令") \
    X(ORDER_BEFORE, "The order of the round before", "上一輪的命令") \
    X(ORDER_DRAFT, "The order that is drafted", "所草擬的命令") \
    X(ORDER_DRAFT_TEXT, \
      "Reviewers sign this very text. Any change voids it.", \
      "審查員簽署的即為此文本。任何更改均使其失效。") \
    X(ORDER_SEALED, \
      "It is sealed. Your browser opens it, and takes it only if it is the one that the case names.", \
      "命令已密封。由您的瀏覽器開啟，並僅在與案件所載一致時採用。") \
    X(BENEFICIARY_ORDER_HINT, \
      "Whom the answer is for: two capital letters.", \
      "答覆為誰而作：兩個大寫字母。") \
    X(FILL, "Show the order before", "顯示上一輪命令") \
    X(FILL_ORDER, "Show the order", "顯示命令") \
    X(GROUND, "Ground", "理由") \
    X(UNTIL, "Until", "至") \
    X(UNTIL_HINT, "The day on which it ends.", "屆滿日期。") \
    X(DOCUMENT, "Document (SHA-256)", "文件（SHA-256）") \
    X(DOCUMENT_HINT, \
      "Hash of the order or law that forbids telling the user.", \
      "禁止通知用戶的命令或法律文本的雜湊值。") \
    X(MANIFEST, "Manifest", "清單") \
    X(MANIFEST_HINT, \
      "The whole text of the file that the server wrote beside the package.", \
      "伺服器在資料包旁所寫檔案的全文。") \
    X(MANIFEST_TEXT, \
      "The move names it by its SHA-256. It is sealed with the case.", \
      "步驟以其SHA-256指明此清單；清單與案件一同密封。") \
    X(VALIDATORS, "Who may order it, or validate the order", "可發出或確認命令者") \
    X(MIN_YEARS, "Least maximum penalty of the offence, in years", "罪行最高刑期的下限（年）") \
    X(LETTER_REFERENCE, "The authority's file number", "機關檔號") \
    X(LETTER_REFERENCE_HINT, \
      "As the filing has it: the desk can't read it there.", \
      "以來件所載為準；本處系統無法讀取來件。") \
    X(LETTER_ASKED, "What was asked for, or the kind of identifier", "所要求的資料，或識別資料的種類") \
    X(LETTER_ASKED_HINT, \
      "In general words: no name, no number.", \
      "只寫種類，不寫姓名或號碼。") \
    X(LETTER_SAYS, "What the letter says of its own", "信函的具體內容") \
    X(LETTER_SAYS_HINT, \
      "Its question to the authority, what was asked for, or the manifest's hash: whichever this letter has.", \
      "向機關提出的問題、所要求的資料或清單的雜湊值，視乎信函而定。") \
    X(LETTER_COURT, "The court, if it names one", "法院（如信函提及）") \
    X(LETTER_UNTIL, "The day that it names, if the case doesn't say it", "信函所載日期（如案件未有載明）") \
    X(LETTER_UNTIL_HINT, "By when the authority answers, or the desk goes on.", "機關須於此日前答覆，或本處預計於此日繼續處理。") \
    X(LETTER_GROUND, "The ground, if it names one", "理由（如信函提及）") \
    X(LETTER, "The letter", "信函") \
    X(LETTER_TEXT, \
      "The move names it by its SHA-256: it goes out as it stands here, and is sealed with the case.", \
      "步驟以其SHA-256指明此函：按此發出，並與案件一同密封。") \
    X(MOVE, "The move", "步驟") \
    /* The office */ \
    X(PEOPLE, "People", "人員") \
    X(ROLES, "Roles", "職責") \
    X(COUNTRIES, "Bound by the law of", "受其法律約束的國家") \
    X(KEYS, "Keys", "密鑰") \
    X(PRESENCE, "Presence", "在勤") \
    X(DEPUTY, "deputy", "代理") \
    X(BOUND, "bound by a suspended law", "受已暫停法域約束") \
    X(PASSKEY, "Passkey", "通行密鑰") \
    X(SSH_KEY, "SSH key", "SSH密鑰") \
    X(MAY_BE_BACKED_UP, "may be backed up", "可備份") \
    X(AWAY, "Away", "離勤") \
    X(AWAY_UNTIL, "Away until", "離勤至") \
    X(AWAY_TEXT, \
      "Who is away is not drawn to review; a deputy may be, if they have not acted in the case.", \
      "離勤者不獲抽選審查；代理人如未曾參與該案，可獲抽選。") \
    X(AWAY_HINT, "Empty: back.", "留空即表示已返勤。") \
    X(SESSION_UNTIL, "Session until", "工作階段至") \
    X(DUTY_TEXT, \
      "An emergency is answered within 8 hours, by those on duty.", \
      "緊急請求由值班者於8小時內回覆。") \
    X(NEXT_OFFICE, "The next office file", "下一版職員名冊") \
    X(NEXT_OFFICE_TEXT, \
      "A text that was drafted on another machine is signed here in the same way.", \
      "於其他電腦草擬的文本，同樣可在此簽署。") \
    X(NEXT_OFFICE_HINT, "It begins with sotto office 1.", "以 sotto office 1 開首。") \
    X(DIRECTORY, "Directory of authorities", "機關名錄") \
    X(DIRECTORY_TEXT, \
      "Call only these numbers. Jurisdiction and the key of the recipient come from here and from nowhere else.", \
      "只可致電此等號碼。司法管轄區及收件密鑰均以此為準。") \
    X(NAME, "Name", "名稱") \
    X(CALLS, "Numbers to call", "致電號碼") \
    X(CERTIFICATES, "Certificates", "憑證") \
    X(NOT_ALL_SHOWN, "{1} in all; not all are shown.", "共{1}項，未全部顯示。") \
    X(VERSION, "Version", "版本") \
    X(OFFICE_HASH, "Hash of the office file", "職員名冊雜湊值") \
    X(ORIGIN, "Address", "網址") \
    X(SERVER, "Server", "伺服器") \
    X(SERVER_NUMBER, "Server number", "伺服器編號") \
    X(NO_SERVER, \
      "The server is not known yet: no order can be drafted.", \
      "伺服器未知：不能草擬命令。") \
    /* Filing */ \
    X(FILE_LEAD, \
      "For authorities. A filing is not believed because of how it came: somebody of ours calls you back, on a number that we hold ourselves.", \
      "供機關使用。來件的途徑不足為信：本處人員將按自備號碼致電核實。") \
    X(FILE_NOTE, \
      "Name each account by its id, identity key, handle or invite link. We hold no telephone numbers, e-mail addresses, names or IP addresses: what names somebody by one of these finds nothing.", \
      "請以帳戶識別碼、身分密鑰、代號或邀請連結指明帳戶。本服務不持有電話號碼、電郵、姓名或IP位址；以此等資料查詢均無結果。") \
    X(FILE_NO_SCRIPT, \
      "Your browser runs no script, so it can't do the work that keeps floods away.", \
      "您的瀏覽器未執行程式碼，無法進行防濫用運算。") \
    X(FILE_WAIT_LINK, "File by waiting instead", "改以輪候方式提交") \
    X(FILE_WAIT_LEAD, \
      "Without script a filing costs a place in a line, which moves every few seconds; more slowly while much waits to be read. Your place is kept for a day.", \
      "如不使用程式碼，提交須輪候；隊伍每數秒前進一位，待閱來件較多時則較慢。輪候位置保留一天。") \
    X(FILE_WAIT_TAKE, "Take a place", "領取輪候位置") \
    X(FILE_SIGN_LINK, "An authority of our directory files without work or waiting, with its certificate", \
      "名錄內的機關可憑憑證提交，無須運算或輪候") \
    X(FILE_SIGN, "File with your certificate", "憑憑證提交") \
    X(FILE_SIGN_LEAD, \
      "For authorities whose certificate our directory holds. Sign this line with the certificate's key. You come before all others, and no flood of filings stands in your way; nobody is believed for it: we call you back as we do anybody.", \
      "供名錄內持有憑證的機關使用。請以憑證的密鑰簽署下列文字。貴機關的來件先於其他來件處理，亦不受大量來件阻塞；但不因此免於核實：本處仍會致電核實。") \
    X(FILE_SIGN_HOW, \
      "For example (RSA and elliptic curves with SHA-256; the line without an end of line):", \
      "例如（RSA及橢圓曲線配SHA-256；文字末尾不含換行）：") \
    X(FILE_SIGN_AUTHORITY, "Your name in our directory", "貴機關在名錄中的名稱") \
    X(FILE_SIGN_AUTHORITY_HINT, "As we told you: small letters, digits and hyphens.", \
      "即本處所告知者：小寫字母、數字及連字號。") \
    X(FILE_SIGN_SIGNATURE, "The signature, in Base64", "簽署（Base64）") \
    X(FILE_SIGN_GO, "Go on to the form", "前往表格") \
    X(FILE_SIGN_REFUSED, \
      "This is no signature of this line by a certificate that our directory holds for this authority. Each line is good once, for a day.", \
      "此簽署並非名錄所載該機關憑證對該文字的簽署。每行文字只可使用一次，有效期一天。") \
    X(FILE_SIGNED, "Your signature is right. You can send this form until tomorrow.", "簽署正確。可於明日前提交此表格。") \
    X(FILE_WAIT_TEXT, "You can send this form from", "可於以下時間起提交：") \
    X(FILE_LINE_FULL, "Too many wait", "輪候人數過多") \
    X(FILE_LINE_FULL_TEXT, \
      "The line is full. Use a browser that runs scripts, or file by post.", \
      "輪候已滿。請使用可執行程式碼的瀏覽器，或以郵遞提交。") \
    X(FILE_LACKS, "Something is missing", "資料不足") \
    X(FILE_LACKS_TEXT, \
      "A field that a filing needs is empty. Go back in your browser: what you filled in is still there.", \
      "必填欄位未填。請按瀏覽器的「上一頁」，已填寫內容仍予保留。") \
    X(FILING, "Filing", "來件") \
    X(FLOOD, \
      "Too many filings wait to be read. Please try again later.", \
      "待閱來件過多，請稍後再試。") \
    X(TICKET_REFUSED, "Not yet filed", "尚未提交") \
    X(TICKET_EARLY, \
      "It is too early. Go back and send it again from this time on:", \
      "時間未到。請返回並於以下時間後再次提交：") \
    X(TICKET_WORK, \
      "The work that a filing costs is missing, or is no longer enough: your browser ran no script, or much was filed meanwhile. Send it once more, or wait in the line.", \
      "缺少提交所需的運算，或運算已不足：您的瀏覽器未執行程式碼，或期間來件甚多。請再次提交，或改用輪候方式。") \
    X(TICKET_USED, "This form was sent already, or is being sent.", "此表格已提交，或正在提交。") \
    X(TICKET_OVER, \
      "This form is too old, or not of this desk. Open it anew.", \
      "此表格已過期，或並非本處表格。請重新開啟。") \
    X(F_WHO, "Who asks", "提出者") \
    X(F_BASIS, "On what basis", "依據") \
    X(F_WHAT, "What is asked for", "請求內容") \
    X(F_SPECIAL, "Only where it applies", "如適用") \
    X(F_AUTHORITY, "Authority", "機關") \
    X(F_AUTHORITY_HINT, "Full name of the issuing authority or court.", "發出機關或法院的全稱。") \
    X(F_JURISDICTION, "Jurisdiction", "司法管轄區") \
    X(F_JURISDICTION_HINT, \
      "State or territory under whose law it is issued.", \
      "發出所依據法律的國家或地區。") \
    X(F_BENEFICIARY_ASKED, "For whom", "為誰而作") \
    X(F_BENEFICIARY_HINT, \
      "If the data are for an authority of another state, name both.", \
      "如資料供另一國家的機關使用，請一併註明。") \
    X(F_REFERENCE, "Your file number", "貴機關檔號") \
    X(F_OFFICIAL, "Responsible official", "承辦官員") \
    X(F_OFFICIAL_HINT, \
      "Name, title and badge or identification number.", \
      "姓名、職銜及證件號碼。") \
    X(F_SUPERVISOR, "Supervisor", "上級官員") \
    X(F_SUPERVISOR_HINT, "Whom we may call to confirm.", "本處可致電確認的人員。") \
    X(F_CONTACT, "Contact", "聯絡方式") \
    X(F_CONTACT_HINT, \
      "Official e-mail address and direct telephone number. We call numbers of our own directory, not this one.", \
      "公務電郵及直線電話。本處只致電自備名錄的號碼。") \
    X(F_PROCESS, "Kind of process", "程序種類") \
    X(F_LEGAL_BASIS, "Legal basis", "法律依據") \
    X(F_LEGAL_BASIS_HINT, "The provision, in its original wording.", "條文原文。") \
    X(F_VALIDATED_BY, "Issued or validated by", "發出或確認者") \
    X(F_VALIDATED_BY_HINT, \
      "Judge, court or prosecutor, with the date.", \
      "法官、法院或檢察官，連同日期。") \
    X(F_OFFENCE, "Offence", "罪行") \
    X(F_OFFENCE_HINT, \
      "What is investigated, and the penalty that the law provides.", \
      "所調查的罪行及法定刑罰。") \
    X(F_ACCOUNTS, "Accounts", "帳戶") \
    X(F_ACCOUNTS_HINT, \
      "One a line: id, key, handle or link, then the value.", \
      "每行一個：先填 id、key、handle 或 link，再填其值。") \
    X(F_FIELDS, "Fields of the record that you ask for", "所索取的紀錄欄位") \
    X(F_FIELDS_HINT, \
      "There is nothing else that the software could give.", \
      "除此以外，本軟件無從提供任何資料。") \
    X(F_PURPOSE, "What the fields are needed for", "所需用途") \
    X(F_PURPOSE_HINT, \
      "Why these accounts, why these fields, and why nothing less would do.", \
      "為何是此等帳戶、此等欄位，以及為何較少資料不足以達到目的。") \
    X(F_SECRECY, "Bar on telling the user", "禁止通知用戶") \
    X(F_SECRECY_HINT, \
      "The order or provision, and the date on which it ends. Without one we tell the user first.", \
      "所依據的命令或條文及屆滿日期。如無，本處將先行通知用戶。") \
    X(F_EMERGENCY_FACTS, "Emergency", "緊急情況") \
    X(F_EMERGENCY_HINT, \
      "Only for imminent danger of death or serious injury: to whom, how it is known, and why no legal process is possible in time.", \
      "僅限迫在眉睫的死亡或嚴重傷害：涉及何人、如何得知、為何無法及時取得法律程序。") \
    X(F_ATTACHMENTS, "Attachments", "附件") \
    X(F_ATTACHMENTS_HINT, \
      "The order itself, up to 16 files of 16 MiB each, 48 MiB together. They are kept apart and never run.", \
      "命令文本。最多16個檔案，每個不超過16 MiB，合共不超過48 MiB。附件隔離存放，永不執行。") \
    X(F_SEND, "File the request", "提出請求") \
    X(HELD_EXISTS, "exists: whether there is such an account", "exists：是否存在該帳戶") \
    X(HELD_CREATED, "created: the week in which it was created", "created：建立的星期") \
    X(HELD_SEEN, "seen: the week in which a device was last connected", "seen：裝置最後連線的星期") \
    X(HELD_DEVICES, "devices: how many devices it has", "devices：裝置數目") \
    X(HELD_ITEMS, "items: how many sealed items wait for it", "items：待取的密封項目數目") \
    X(HELD_BYTES, "bytes: how large these are, with their padding", "bytes：其大小（連填充）") \
    X(RECEIPT, "Receipt for case", "回條，案件") \
    X(RECEIPT_KEEP, \
      "Print or save this page. The desk seals your filing and can't show it to you again.", \
      "請列印或儲存本頁。來件經密封後，本處無法再次向您顯示。") \
    X(CASE_NUMBER, "Case number", "案件編號") \
    X(RECEIPT_PROMISE, \
      "We promise to enter this filing in our public ledger. With the next weekly batch you can fetch the proof that it is there.", \
      "本處承諾將此來件載入公開帳冊。下一批（每週）公布後，可取得載入證明。") \
    X(RECEIPT_SIGNED, "The receipt, signed by the ledger", "由帳冊簽署的回條") \
    X(RECEIPT_PROOF, "Proof that the ledger holds this filing", "此來件已載入帳冊的證明") \
    X(RECEIPT_NO_PROOF, \
      "No batch of the ledger has it yet. Ask again after the next one.", \
      "帳冊尚未有批次載有此件，請於下一批公布後再查。") \
    X(RECEIPT_TEXT, "What was filed", "來件文本") \
    X(RECEIPT_TEXT_NOTE, \
      "The receipt is the SHA-256 of exactly these bytes. Attachments are named by theirs.", \
      "回條為以下位元組的SHA-256。附件以各自的SHA-256標示。") \
    /* Status and objection */ \
    X(STATUS_LEAD, \
      "With the receipt that you were given. We answer no questions about a case by telephone.", \
      "請輸入所獲回條。本處不以電話答覆個案查詢。") \
    X(RECEIPT_HASH_HINT, "64 hexadecimal digits.", "64位十六進制數字。") \
    X(NO_RECEIPT, "No filing has this receipt.", "沒有此回條的來件。") \
    X(STANDS, "It stands", "現況") \
    X(STATUS_NOTE, \
      "No clock releases anything, and no deadline is met by silence.", \
      "任何計時均不導致披露，亦不以沉默代替答覆。") \
    X(PUBLIC_RECEIVED, \
      "Received; it has not been confirmed by a call yet", \
      "已收件，尚未致電核實") \
    X(PUBLIC_HELD, \
      "Received and on hold: its jurisdiction is suspended, or whom it is for is not clear", \
      "已收件並擱置：其司法管轄區已暫停，或受益者不明") \
    X(PUBLIC_CLARIFY, "We have asked you to clarify it", "已要求貴機關澄清") \
    X(PUBLIC_REVIEW, "Being reviewed", "審查中") \
    X(PUBLIC_ANSWERED, "Answered", "已答覆") \
    X(PUBLIC_FORGED, "Treated as forged", "按偽造處理") \
    X(PUBLIC_WITHDRAWN, "Withdrawn", "已撤回") \
    X(PUBLIC_LAPSED, "Lapsed; it may be filed again", "已失效，可重新提出") \
    X(PUBLIC_CLOSED, "Closed", "已結案") \
    X(OBJECT, "Object to a notice", "對通知提出異議") \
    X(OBJECT_LEAD, \
      "If this service told you that an authority asked for data about your account, you can say here why it should not get them. The reviewers read it before anything is released.", \
      "如本服務通知您有機關索取您帳戶的資料，可於此陳述不應提供的理由。審查員在披露任何資料前必先閱讀。") \
    X(OBJECT_CASE_HINT, "It stands in the notice.", "載於通知內。") \
    X(OBJECT_REFERENCE, "Reference of the notice", "通知參照碼") \
    X(OBJECT_REFERENCE_HINT, \
      "Your app shows it below the notice: 64 hexadecimal digits. Whoever asked for the data does not have it.", \
      "應用程式於通知下方顯示：64位十六進制數字。索取資料的機關並無此碼。") \
    X(OBJECT_TEXT, "Your objection", "您的異議") \
    X(OBJECT_TEXT_HINT, \
      "In any language. It is sealed for the reviewers; you need not say who you are.", \
      "可用任何語言。內容密封予審查員；您無須表明身分。") \
    X(OBJECT_SEND, "Send to the reviewers", "送交審查員") \
    X(OBJECT_NONE, \
      "No case with this number and this reference takes an objection now.", \
      "現時沒有符合此編號及參照碼而可提出異議的案件。") \
    X(OBJECT_DONE, \
      "Your objection was received and sealed for the reviewers.", \
      "已收到您的異議，並密封予審查員。") \
    /* Ledger and report */ \
    X(LEDGER_LEAD, \
      "Every move of every case is a sealed entry in an append-only log. Entries can't be read, but none can be taken out, changed or moved without its being seen.", \
      "每宗案件的每一步均為只增帳冊中的密封條目。條目不可閱讀，但任何刪除、更改或移動均會被察覺。") \
    X(CHECKPOINT, "Checkpoint", "檢查點") \
    X(PUBLISHED_ON, "Published", "公布時間") \
    X(ENTRIES, "Entries", "條目數目") \
    X(CHECKPOINT_FILE, "The checkpoint as a file", "檢查點檔案") \
    X(CHECKPOINT_NONE, \
      "Nothing was published yet. Entries are published in weekly batches of one size.", \
      "尚未公布。條目每週以固定數量分批公布。") \
    X(LEDGER_KEYS, "Keys", "密鑰") \
    X(LEDGER_KEY, "The ledger's key", "帳冊密鑰") \
    X(WITNESSES, "Witnesses", "見證人") \
    X(LEDGER_CHECK, "How to check it", "如何查核") \
    X(LEDGER_CHECK_1, \
      "Copy the published folder. Any verifier of C2SP tile logs reads it.", \
      "複製公布的資料夾。任何C2SP tile log驗證程式均可讀取。") \
    X(LEDGER_CHECK_2, "Recount the report from the opened entries.", "由已公開條目重新點算報告。") \
    X(LEDGER_CHECK_3, \
      "If you filed something: prove with your receipt that it is in.", \
      "如曾提出請求：以回條證明已載入。") \
    X(LEDGER_LIMIT, \
      "A request that was never entered is invisible to mathematics. Only its sender, the user, staff and the auditor can know of it.", \
      "從未載入的請求，數學無從揭示；只有發件者、用戶、職員及核數人知悉。") \
    X(REPORT_LEAD, \
      "Twice a year: requests, outcomes and reasons by jurisdiction, suspensions with their wording, and how long answers took. Every figure can be recounted from the ledger.", \
      "每半年一次：按司法管轄區列出請求、結果及理由，暫停及其文字，以及答覆所需時間。每個數字均可由帳冊重新點算。") \
    X(REPORT_READ, "Read the report", "閱讀報告") \
    X(REPORT_FILES, "Its tables, and what opens them", "報告的表格及公開資料") \
    X(REPORT_NONE, "No report was published yet.", "尚未公布報告。") \
    /* Lifts, papers, changes, duty */ \
    X(MET, "met", "已符合") \
    X(MISSING, "not yet", "未符合") \
    X(ANNOUNCED_ON, "Announced", "公告時間") \
    X(LIFT_FROM, "14 days by this desk's clock are over on", "按本處時鐘滿14日") \
    X(LIFT_WITNESSED, "Seen by one outside witness, by its own times", "由同一外部見證人按其時間見證") \
    X(DAYS_OF_14, "{1} of 14 days", "{1}日（須14日）") \
    X(SECTIONS_OF_18, "{1} of 18 sections", "{1}節（共18節）") \
    X(ASSESSMENT, "Assessment", "評估") \
    X(SECTIONS, "Sections", "各節") \
    X(ASSESSMENT_TEXT, "Human-rights and local-law reviewers and outside experts write it, over as long as it takes. Save as often as you like; nothing is signed by that. The list names each section by the hash of its text, and the text stays here, in the desk's folder.", "由人權審查員、當地法律審查員及外部專家撰寫，不設時限。可隨時儲存，儲存並非簽署。清單以各節文本的雜湊值載明各節；文本存於本處資料夾。") \
    X(ASSESSMENT_SIGNED, "Who signs the lift signs these sections by their hashes. Read them first.", "簽署解除者，即按雜湊值簽署以下各節。請先閱讀。") \
    X(SECTIONS_MISSING, "Sections that are still missing", "尚欠各節") \
    X(SECTION_STALE, "Somebody else wrote in the meantime", "其間另有人撰寫") \
    X(SECTION_STALE_TEXT, "A section was saved by somebody else after you had opened the page. Nothing of that section was changed. Go back to keep your text, and open the page anew beside it.", "您開啟頁面後，另有人儲存了其中一節。該節未作更改。請按「上一頁」保留您的文字，並另行開啟本頁對照。") \
    X(SECTION_OTHER, "This section was written anew since, or is not here: what this paper has can't be read here. Don't sign it.", "此節其後已重新撰寫，或不在此處：無法在此閱讀本文件所載的一節。請勿簽署。") \
    X(DRAFT_LIFT, "Draft the lift", "草擬解除") \
    X(SAVE_ONLY, "Save only", "只儲存") \
    X(SCOPE_ONLY_REGIMES, "Only requests under these regimes", "只限以下制度的請求") \
    X(SCOPE_ONLY_AUTHORITIES, "Only requests of these authorities", "只限以下機關的請求") \
    X(SCOPE_TO_ALL, "Extend it to all requests", "擴大至一切請求") \
    X(REGIMES, "Regimes", "制度") \
    X(CARVE_OUT, "Exception", "例外") \
    X(CARVE_OUT_TEXT, "Its words", "文字") \
    X(CARVE_OUT_HINT, "What is allowed in spite of the suspension. Public, like the rest.", "在暫停期間仍獲容許者。與其餘文字同樣公開。") \
    X(CARVE_OUTS_RULE, "None by default, emergencies included. An exception can be made with the suspension itself; later it takes a lift. Rows that are empty are none.", "預設為無，緊急情況亦然。例外可於暫停時一併訂立；其後增訂須經解除程序。空白者不計。") \
    X(CARVE_OUTS_TAKE, "Exceptions to take away", "撤去的例外") \
    X(JURISDICTIONS_MORE, "More jurisdictions", "增加的司法管轄區") \
    X(NOTICE_TEXT, "Public wording of the notice", "公告的公開文字") \
    X(BECOMES, "What comes of the suspension", "暫停其後為何") \
    X(BECOMES_NOTHING, "It ends in whole", "全部解除") \
    X(BECOMES_ENTRY, "It is lifted in part: it goes on as written below", "部分解除：按下文繼續") \
    X(BECOMES_WHAT, "As it goes on, in whole", "其後的完整內容") \
    X(BECOMES_TEXT, "Only for a lift in part: fewer jurisdictions, a narrower scope, other words, or an exception. The notice names exactly this by its hash, and the lift can be to nothing else.", "僅供部分解除：減少司法管轄區、收窄範圍、更改文字或增訂例外。公告以雜湊值載明此內容，解除時不得為其他內容。") \
    X(BECOMES_HASH, "Hash of what it becomes", "其後內容的雜湊值") \
    X(LIFT_WHOLE, "It would end in whole.", "擬全部解除。") \
    X(LIFT_PART, "It would go on as follows.", "擬按下文繼續。") \
    X(LIFT_PART_UNKNOWN, "It would go on, in other words that are named here by their hash alone.", "擬以其他文字繼續；此處僅載其雜湊值。") \
    X(TAKE_BACK, "Take the notice back", "撤回公告") \
    X(CARRY_LIST, "To the server", "送交伺服器") \
    X(CARRY_LIST_TEXT, "The custodian carries each new list to the server, with sottod office suspensions; with a lift, what the witnesses have seen as well. The server checks both itself.", "保管人以 sottod office suspensions 將每版清單送交伺服器；如屬解除，並送交見證所得。伺服器自行查核。") \
    X(LIST_IN_FORCE, "The list in force, as it was signed", "現行清單（已簽署）") \
    X(SIGHTINGS, "What the witnesses have seen", "見證所得") \
    X(SIGHTINGS_NONE, "No witness has seen a version of the list over any time yet.", "尚無見證人在任何期間內見證清單。") \
    X(FREEZE_NAME, "Freeze", "凍結") \
    X(WHAT_CHANGES, "What it changes", "所作更改") \
    X(COMES, "new", "新增") \
    X(GOES, "gone", "移除") \
    X(CHANGES, "changed", "更改") \
    X(ROLES_OF, "Roles of", "職責：") \
    X(COUNTRIES_OF, "Countries of", "受約束國家：") \
    X(KEYS_OF, "Keys of", "密鑰：") \
    X(NAME_OF, "Name of", "名稱：") \
    X(JURISDICTION_OF, "Jurisdiction of", "司法管轄區：") \
    X(CALLS_OF, "Numbers of", "號碼：") \
    X(CERTIFICATES_OF, "Certificates of", "憑證：") \
    X(HEAD_NAME, "Name or address of the office", "本處名稱或網址") \
    X(HEAD_NOTICE_KEY, "Key that signs notices to users", "簽署用戶通知的密鑰") \
    X(HEAD_LEDGER, "Ledger's key or witnesses", "帳冊密鑰或見證人") \
    X(HEAD_ALSO, "Signers beyond the least", "額外簽署人") \
    X(OR, " or ", "或") \
    X(STILL_MISSING, "Signatures that are still missing", "尚欠簽署") \
    X(ALL_SIGNED, "None: all who must have signed this have.", "無：所需人員均已簽署。") \
    X(MISSING_SSH, "One of them with an SSH key, on a machine of their own", "其中一人須於本人電腦以SSH密鑰簽署") \
    X(NEVER_IN_FORCE, "No signatures bring this into force.", "任何簽署均不能使其生效。") \
    X(NEEDS_SUSPEND, "To suspend, review or announce", "暫停、覆核或公告") \
    X(NEEDS_LIFT, "To lift, in whole or in part", "全部或部分解除") \
    X(NEEDS_FREEZE, "To freeze", "凍結") \
    X(NEEDS_UNFREEZE, "To end a freeze", "解除凍結") \
    X(NEEDS_OFFICE, "To change the office", "更改職員名冊") \
    X(WHO_ENROLLED, "Who has enrolled", "已登記者") \
    X(WHO_ENROLLED_TEXT, "Persons who used their code and made their keys. Check with each of them, in person, that the keys are theirs.", "已使用代碼並建立密鑰者。請當面與本人核對密鑰。") \
    X(WHO_ENROLLED_NONE, "Nobody waits.", "無人等候。") \
    X(TAKE_IN, "Take in", "納入") \
    X(CHANGE, "Change", "更改") \
    X(CHANGE_WHOM, "Choose whom to change or to remove.", "請選擇更改或移除的人員。") \
    X(CHANGE_PERSON, "Change a person", "更改人員") \
    X(CHANGE_PERSON_TEXT, "Their keys stay as they are. New keys come with a new code and enrolment.", "密鑰維持不變。更換密鑰須以新代碼重新登記。") \
    X(DEPUTY_FOR, "Deputy for", "代理職責") \
    X(COUNTRIES_HINT, "Two capital letters each, ascending, with a space between: whose law binds the person.", "每個以兩個大寫字母表示，依次排列，以空格分隔：受其法律約束的國家。") \
    X(REMOVE, "Remove", "移除") \
    X(REMOVE_PERSON, "Remove the person", "移除該人員") \
    X(REMOVE_PERSON_TEXT, "From then on they sign nothing, and lose the keys of cases.", "其後不得簽署，並失去案件密鑰。") \
    X(ADD_AUTHORITY, "Add an authority", "新增機關") \
    X(CHANGE_AUTHORITY, "Change an authority", "更改機關") \
    X(AUTHORITY_FORM_TEXT, "Take numbers and certificates from a source of your own, never from a filing. The server encrypts what is released to the certificate that stands here.", "號碼及憑證須取自本處自行查證的來源，切勿取自來件。伺服器以此處所載憑證加密所披露的資料。") \
    X(AUTHORITY_ID, "Short name", "代稱") \
    X(AUTHORITY_NAME_HINT, "As the authority calls itself.", "機關自用的名稱。") \
    X(JURISDICTION_HINT, "Two capital letters.", "兩個大寫字母。") \
    X(CALLS_HINT, "One a line, one to eight.", "每行一個，一至八個。") \
    X(CERTIFICATES_HINT, "X.509, as PEM or base64; none, if answers go out as printed letters. Four at most.", "X.509憑證（PEM或base64）；如以印製信函答覆則留空。最多四張。") \
    X(CERTIFICATES_HASH, "Certificates (SHA-256)", "憑證（SHA-256）") \
    X(NO_CERTIFICATE, "None: a printed letter", "無：印製信函") \
    X(REMOVE_AUTHORITY, "Remove the authority", "移除該機關") \
    X(REMOVE_AUTHORITY_TEXT, "Its open cases can't be released from then on.", "其未結案件其後不得披露。") \
    X(DIRECTORY_ENROLLED, "An authority that stands here is enrolled: what it files with its certificate's signature, or through the importer, goes first, in a line of its own. Without a signature nobody is believed to be one, and filing costs work or waiting. Each is called back, however its request came.", "名錄所載機關即為已登記：以其憑證簽署提交或經匯入的來件優先，另列處理。未經簽署者，不能證明其身分，提交時須完成運算或輪候。不論來件方式，本處一律致電查證。") \
    X(DIRECTORY_NONE, "No such authority is in the directory.", "名錄中沒有此機關。") \
    X(DIRECTORY_SEARCH, "Name, short name or jurisdiction", "名稱、代稱或司法管轄區") \
    X(ENROLLED_FIRST, "Enrolled: goes first", "已登記：優先") \
    X(NEXT_OFFICE_LEAD, "The office file says who holds which role and which authorities there are. Draft one change after another; then the approver and two reviewers sign the whole, one of them on a machine of their own.", "職員名冊載明各人職責及名錄所載機關。請逐項草擬更改，然後由核准人及兩名審查員簽署全文，其中一人須於本人電腦簽署。") \
    X(NEXT_OFFICE_WHOLE, "A file that was written elsewhere", "另行草擬的名冊") \
    X(GO_ON, "Draft more changes into it, before anybody signs", "在任何人簽署前，加入更多更改") \
    X(GOES_ON, "You go on from a draft that nobody has signed. What it changes so far:", "您正在尚無人簽署的草稿上繼續。目前所作更改：") \
    X(ROSTER, "Duty roster", "值班表") \
    X(ROSTER_TEXT, "An emergency takes two of intake who call, a local-law or a human-rights reviewer, and the approver. The operator's command gets the number of the case, and asks sotto-desk duty whom to wake.", "緊急請求須兩名收件人員致電、一名當地法律或人權審查員，以及核准人。營運者的程式只獲案件編號，並以 sotto-desk duty 查明須通知何人。") \
    X(DUTY_COVERED, "Those on duty now can answer an emergency.", "現時值班者足以處理緊急請求。") \
    X(DUTY_GAP_NOW, "Those on duty now can't answer an emergency. Missing:", "現時值班者不足以處理緊急請求。尚欠：") \
    X(DUTY_AHEAD, "The next 14 days", "未來14日") \
    X(WHEN, "When", "時間") \
    X(ON_DUTY, "On duty", "值班者") \
    X(COVER, "Cover", "人手") \
    X(COVERED, "covered", "足夠") \
    X(GAP, "gap", "缺口") \
    X(SHIFTS, "Shifts", "更次") \
    X(SHIFT_ADD, "Add a shift", "新增更次") \
    X(SHIFT_ADD_TEXT, "The approver sets anybody's; others their own.", "核准人可設定任何人的更次；其他人只可設定本人的。") \
    X(SHIFT_HINT, "At most 31 days after it begins.", "開始後不超過31日。") \
    X(FROM, "From", "由") \
    X(TIME_HINT, "UTC.", "協調世界時（UTC）。") \
    X(TAKE_OFF, "Take off", "移除") \
    /* A report */ \
    X(REPORT_TITLE, "Requests by governments", "政府請求透明度報告") \
    X(REPORT_PERIOD, "Received from {1} to before {2}", "{1}起至{2}前收到") \
    X(REPORT_SUM, \
      "{1} requests named {2} accounts. Some data was disclosed in answer to {3} of them.", \
      "共收到{1}項請求，涉及{2}個帳戶；其中{3}項披露了部分資料。") \
    X(REPORT_COUNTED, \
      "Counted from the ledger {1} at its size {2}. {3} of its entries are opened, so that anybody can count again. {4} more are of cases that are still open, or of which the user may not be told yet: they stay closed, and the auditor's signed statement stands for them. A request that was never entered is in no report.", \
      "按帳冊{1}於第{2}條目時點算。其中{3}項條目已公開，任何人均可重新點算；另有{4}項屬未完結或尚不可通知用戶的案件，不予公開，以核數人簽署的聲明為據。從未載入的請求不會出現於任何報告。") \
    X(REPORT_OVER_TIME, "Over time", "歷年變化") \
    X(REPORT_BY_ISSUER, "By jurisdiction", "按司法管轄區") \
    X(REPORT_BY_PROCESS, "By kind of process", "按程序種類") \
    X(REPORT_BY_PATH, "Ordinary, emergency, compelled", "一般、緊急、被強制") \
    X(REPORT_BY_CATEGORY, "By category of data", "按資料類別") \
    X(REPORT_REASONS, "Why requests were rejected", "拒絕的理由") \
    X(REPORT_SUSPENSIONS, "Suspensions", "暫停") \
    X(REPORT_NO_SUSPENSION, "None was in force in this period.", "此期間並無生效中的暫停。") \
    X(REPORT_BANDS, "In bands only", "只按區間公布") \
    X(REPORT_BANDS_TEXT, \
      "{1} allows these figures in bands only. They are in no other figure of this report.", \
      "{1}只容許以區間公布以下數字；該等數字不包括在本報告其他任何數字內。") \
    X(REPORT_BANDS_UNCONFIRMED, \
      "Counsel has still to confirm how this law is applied.", \
      "此法例的適用方式尚待法律顧問確認。") \
    X(REPORT_BAND_LATER, "not before {1}", "不早於{1}公布") \
    X(REPORT_BAND_NEVER, "not for a period of this length", "此長度的期間不公布") \
    X(REPORT_BAND, "{1} to {2}", "{1}至{2}") \
    X(REPORT_CHECK, "How to check this", "如何查核") \
    X(REPORT_CHECK_TEXT, \
      "Take the files beside this one and a copy of what this desk publishes, and let sotto-desk audit count again; or write a program of your own, as the documentation of the ledger allows.", \
      "取得本報告旁的檔案及本處所公布資料的副本，以sotto-desk audit重新點算；亦可按帳冊文件自行編寫程式。") \
    X(REPORT_OUTCOMES, "What came of it", "結果") \
    X(REPORT_ON_THE_WAY, "On the way, and what users were told", "過程及通知用戶的情況") \
    X(REPORT_ALL, "All", "合計") \
    X(REPORT_JURISDICTION, "Jurisdiction", "司法管轄區") \
    X(REPORT_HALF, "Half-year", "半年") \
    X(REPORT_PROCESS, "Process", "程序") \
    X(REPORT_PATH, "Path", "途徑") \
    X(REPORT_CATEGORY, "Category", "類別") \
    X(REPORT_REASON, "Reason", "理由") \
    X(REPORT_FIGURE, "Figure", "數字") \
    X(REPORT_PATH_ORDINARY, "Ordinary", "一般") \
    X(REPORT_PATH_EMERGENCY, "Emergency", "緊急") \
    X(REPORT_PATH_COMPELLED, "Compelled", "被強制") \
    X(REPORT_START, "Since", "生效") \
    X(REPORT_ENDED, "Ended", "終止") \
    X(REPORT_REVIEW, "Review due", "覆檢期限") \
    X(REPORT_SCOPE, "Scope", "範圍") \
    X(COLUMN_RECEIVED, "Requests", "請求") \
    X(COLUMN_ACCOUNTS, "Accounts", "帳戶") \
    X(COLUMN_PENDING, "Pending", "待決") \
    X(COLUMN_RELEASED, "Some data disclosed", "披露部分資料") \
    X(COLUMN_REJECTED, "Rejected", "已拒絕") \
    X(COLUMN_NOT_HELD, "Nothing held", "並無持有") \
    X(COLUMN_NARROWED, "Narrowed", "已收窄") \
    X(COLUMN_CHALLENGED, "Challenged in court", "於法院抗辯") \
    X(COLUMN_COMPELLED, "Compelled", "被強制") \
    X(COLUMN_PRESERVED, "Preserved", "已保全") \
    X(COLUMN_NOTIFIED, "Users told", "已通知用戶") \
    X(COLUMN_DELAYED, "Notice delayed", "延後通知") \
    X(COLUMN_HELD, "Held", "擱置") \
    X(COLUMN_WITHDRAWN, "Withdrawn", "已撤回") \
    X(COLUMN_FORGED, "Forged", "偽造") \
    X(COLUMN_LAPSED, "Lapsed", "已失效") \
    X(COLUMN_BLOCKED_AFTER, "Emergencies that a later review would have blocked", "事後審查認為應予阻止的緊急請求") \
    X(COLUMN_ANSWERED, "Answered", "已答覆") \
    X(COLUMN_MEDIAN, "Median hours to the answer", "答覆時數中位數") \
    X(PART_DISCLOSED, "some data disclosed", "披露部分資料") \
    X(PART_REJECTED, "rejected", "已拒絕") \
    X(PART_NOT_HELD, "nothing held", "並無持有") \
    X(PART_SUSPENDED, "held", "擱置") \
    X(PART_ENDED, "withdrawn, lapsed or forged", "撤回、失效或偽造") \
    X(PART_PENDING, "pending", "待決") \
    X(HALF_1, "{1} H1", "{1}上") \
    X(HALF_2, "{1} H2", "{1}下") \
    X(PICTURE_TOTAL, "All jurisdictions", "全部司法管轄區") \
    X(PICTURE_ALL, \
      "Requests in each half-year, by what became of them.", \
      "每半年的請求，按結果分類。") \
    X(PICTURE_EACH, \
      "The same for each of the jurisdictions with the most requests.", \
      "請求最多的司法管轄區各自的情況。") \
    X(PICTURE_SCALES, \
      "Each has a scale of its own; the number beside its name is of all half-years.", \
      "各圖比例不同；名稱旁為各半年合計。") \
    X(PICTURE_TEXT, \
      "Columns, one for each half-year, in parts by outcome, from the bottom: some data disclosed, rejected, nothing held, held, withdrawn or lapsed or forged, pending. The table below has every number.", \
      "每半年一柱，按結果由下而上分為：披露部分資料、已拒絕、並無持有、擱置、撤回或失效或偽造、待決。下表載有所有數字。") \
    /* States */ \
    X(STATE_RECEIVED, "Received", "已收件") \
    X(STATE_AUTHENTICATED, "Authenticated", "已核實") \
    X(STATE_HELD, "Held", "擱置") \
    X(STATE_IN_REVIEW, "In review", "審查中") \
    X(STATE_NEEDS_EXPERT, "Needs an expert", "須徵詢專家") \
    X(STATE_NEEDS_CLARIFICATION, "Needs clarification", "須澄清") \
    X(STATE_NARROWED, "To be narrowed", "須收窄") \
    X(STATE_REJECTED, "Rejected", "已拒絕") \
    X(STATE_NOT_HELD, "Not held", "並無持有") \
    X(STATE_CLEARED, "Cleared", "已通過") \
    X(STATE_NOTIFIED, "User notified", "已通知用戶") \
    X(STATE_RELEASED, "Released", "已披露") \
    X(STATE_CLOSED, "Closed", "已結案") \
    X(STATE_LAPSED, "Lapsed", "已失效") \
    X(STATE_PURGED, "Purged", "已清除") \
    X(STATE_FORGED, "Forged", "偽造") \
    X(STATE_WITHDRAWN, "Withdrawn", "已撤回") \
    X(STATE_CHALLENGED, "Challenged in court", "於法院抗辯中") \
    X(STATE_COMPELLED, "Compelled", "被強制") \
    /* Moves */ \
    X(MOVE_CLASSIFY, "Classify", "分類") \
    X(MOVE_CALL_BACK, "Record the call-back", "記錄致電核實") \
    X(MOVE_FORGE, "Mark as forged", "標示為偽造") \
    X(MOVE_CONFIRM_FORGED, "Confirm that it is forged", "確認偽造") \
    X(MOVE_OPEN, "Open the review", "開始審查") \
    X(MOVE_VERDICT, "Give your verdict", "提交結論") \
    X(MOVE_OPINION, "Give your opinion", "提交專家意見") \
    X(MOVE_CLARIFIED, "Record the clarification", "記錄澄清") \
    X(MOVE_NARROW, "Narrow the order", "收窄命令") \
    X(MOVE_RENEW, "Draft the order anew", "重新草擬命令") \
    X(MOVE_RECUSE, "Recuse yourself", "迴避") \
    X(MOVE_REPLACE, "Replace a reviewer", "更換審查員") \
    X(MOVE_REJECT, "Reject", "拒絕") \
    X(MOVE_NOT_HELD, "Answer that it is not held", "答覆並無持有") \
    X(MOVE_NOTIFY, "Notify the user", "通知用戶") \
    X(MOVE_BAR, "Record a bar on telling the user", "記錄禁止通知令") \
    X(MOVE_SIGN_ORDER, "Sign the order as a caller", "以致電者身分簽署命令") \
    X(MOVE_RELEASE, "Release", "披露") \
    X(MOVE_AFTER_VERDICT, "Give the verdict afterwards", "補交結論") \
    X(MOVE_PRESERVE, "Preserve the record", "保全紀錄") \
    X(MOVE_CHALLENGE, "Challenge in court", "向法院抗辯") \
    X(MOVE_COMPEL, "Record that we are compelled", "記錄被強制") \
    X(MOVE_DELIVER, "Record the delivery", "記錄交付") \
    X(MOVE_LATE_NOTICE, "Notify the user late", "事後通知用戶") \
    X(MOVE_CLOSE, "Close", "結案") \
    X(MOVE_WITHDRAW, "Record the withdrawal", "記錄撤回") \
    X(MOVE_WRITE, "Write to the authority", "致函機關") \
    X(MOVE_RECEIVE, "Received", "收件") \
    X(MOVE_HOLD, "Put on hold", "作出擱置") \
    X(MOVE_RESUME, "Started again", "重新開始") \
    X(MOVE_DECIDE, "The verdicts decided", "按結論決定") \
    X(MOVE_VOID, "The order became void", "命令失效") \
    X(MOVE_OBJECT, "The user objected", "用戶提出異議") \
    X(MOVE_LAPSE, "Lapsed", "失效") \
    X(MOVE_PURGE, "Identifiers purged", "清除識別資料") \
    /* Moves that were made */ \
    X(MOVED_CLASSIFY, "Classified", "已分類") \
    X(MOVED_CALL_BACK, "Called back", "已致電核實") \
    X(MOVED_FORGE, "Marked as forged", "已標示為偽造") \
    X(MOVED_CONFIRM_FORGED, "Confirmed that it is forged", "已確認偽造") \
    X(MOVED_OPEN, "Review opened", "已開始審查") \
    X(MOVED_VERDICT, "Verdict given", "已提交結論") \
    X(MOVED_OPINION, "Opinion given", "已提交專家意見") \
    X(MOVED_CLARIFIED, "Clarification recorded", "已記錄澄清") \
    X(MOVED_NARROW, "Order narrowed", "已收窄命令") \
    X(MOVED_RENEW, "Order drafted anew", "已重新草擬命令") \
    X(MOVED_RECUSE, "Reviewer recused", "審查員已迴避") \
    X(MOVED_REPLACE, "Reviewer replaced", "已更換審查員") \
    X(MOVED_REJECT, "Rejected", "已拒絕") \
    X(MOVED_NOT_HELD, "Answered that it is not held", "已答覆並無持有") \
    X(MOVED_NOTIFY, "Notice to the user signed", "已簽署對用戶的通知") \
    X(MOVED_BAR, "Bar on telling the user recorded", "已記錄禁止通知令") \
    X(MOVED_SIGN_ORDER, "Order signed by a caller", "致電者已簽署命令") \
    X(MOVED_RELEASE, "Released", "已披露") \
    X(MOVED_AFTER_VERDICT, "Verdict given afterwards", "已補交結論") \
    X(MOVED_PRESERVE, "Preservation ordered", "已命令保全") \
    X(MOVED_CHALLENGE, "Challenged in court", "已向法院抗辯") \
    X(MOVED_COMPEL, "Recorded that we are compelled", "已記錄被強制") \
    X(MOVED_DELIVER, "Delivery recorded", "已記錄交付") \
    X(MOVED_LATE_NOTICE, "Late notice to the user signed", "已簽署對用戶的事後通知") \
    X(MOVED_CLOSE, "Closed", "已結案") \
    X(MOVED_WITHDRAW, "Withdrawal recorded", "已記錄撤回") \
    X(MOVED_WRITE, "Letter to the authority", "已致函機關") \
    /* Roles */ \
    X(ROLE_INTAKE, "Intake", "收件") \
    X(ROLE_POLICY, "Policy reviewer", "政策審查員") \
    X(ROLE_LOCAL_LAW, "Local-law reviewer", "當地法律審查員") \
    X(ROLE_HUMAN_RIGHTS, "Human-rights reviewer", "人權審查員") \
    X(ROLE_APPROVER, "Approver", "核准人") \
    X(ROLE_EXPERT, "Outside expert", "外部專家") \
    X(ROLE_CUSTODIAN, "Custodian", "保管人") \
    X(ROLE_AUDITOR, "Auditor", "核數人")
/* clang-format on */

enum word {
#define X(name, en, zh) WORD_##name,
    DESK_WORDS(X)
#undef X
        WORD_COUNT
};

enum words_language { WORDS_EN, WORDS_ZH, WORDS_LANGUAGES };

/* Static, never NULL. */
const char *words_get(enum words_language language, enum word w);
/* "en", "zh-Hant" */
const char *words_tag(enum words_language language);

#endif
