; The installer for Windows: for one user, without administrator's rights. /S installs and removes silently, /D=DIR says
; where. `make package` gives VERSION, NUMBER (four figures), FILES (a directory) and OUT.
Unicode true
Target amd64-unicode
SetCompressor /SOLID lzma
SetDateSave off ; the time of the files is that of the installation
RequestExecutionLevel user

!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
!include x64.nsh

Name "Spinscope ${VERSION}"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\Spinscope"
InstallDirRegKey HKCU "Software\Spinscope" "InstallDir"
BrandingText "Spinscope ${VERSION}"
VIProductVersion "${NUMBER}"
VIAddVersionKey ProductName "Spinscope"
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey FileDescription "Spinscope setup"
VIAddVersionKey CompanyName "The Spinscope authors"
VIAddVersionKey LegalCopyright "Copyright 2026 The Spinscope authors"

!define MUI_ICON "${FILES}/spinscope.ico"
!define MUI_UNICON "${FILES}/spinscope.ico"
!insertmacro MUI_PAGE_LICENSE "${FILES}/LICENSE.txt"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!define MUI_FINISHPAGE_RUN "$INSTDIR\Spinscope.exe"
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Spinscope"
!define WEBVIEW "Microsoft\EdgeUpdate\Clients\{F3017226-FE2A-4295-8BDF-00C3A9A7E4C5}"

; The window is drawn by WebView2, which Windows 11 has and Windows 10 nearly always. Without it the app would not open;
; the server would run all the same.
Function checkWebView
  ReadRegStr $0 HKLM "SOFTWARE\WOW6432Node\${WEBVIEW}" "pv"
  ${If} $0 == ""
    ReadRegStr $0 HKCU "Software\${WEBVIEW}" "pv"
  ${EndIf}
  ${If} $0 == ""
  ${OrIf} $0 == "0.0.0.0"
    DetailPrint "WebView2 is missing"
    MessageBox MB_OK|MB_ICONEXCLAMATION "Spinscope's window needs Microsoft's WebView2, which this computer does not have.$\r$\n$\r$\nInstall the $\"WebView2 Runtime$\" from https://developer.microsoft.com/microsoft-edge/webview2 and then open Spinscope. spinscope-server.exe works without it." /SD IDOK
  ${EndIf}
FunctionEnd

Function .onInit
  ${IfNot} ${RunningX64}
    MessageBox MB_OK|MB_ICONSTOP "Spinscope needs a 64-bit Windows." /SD IDOK
    SetErrorLevel 1
    Abort
  ${EndIf}
FunctionEnd

Section
  SetOutPath "$INSTDIR"
  ClearErrors
  File "${FILES}/Spinscope.exe" "${FILES}/spinscope-server.exe" "${FILES}/LICENSE.txt" "${FILES}/LICENCES.txt"
  ${If} ${Errors}
    MessageBox MB_OK|MB_ICONSTOP "The files could not be replaced. Close Spinscope and try again." /SD IDOK
    SetErrorLevel 2
    Abort
  ${EndIf}

  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\Spinscope.lnk" "$INSTDIR\Spinscope.exe"
  WriteRegStr HKCU "Software\Spinscope" "InstallDir" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "Spinscope"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\Spinscope.exe"
  WriteRegStr HKCU "${UNINSTALL}" "Publisher" "The Spinscope authors"
  WriteRegStr HKCU "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  WriteRegDWORD HKCU "${UNINSTALL}" "EstimatedSize" $0

  Call checkWebView
SectionEnd

; What the app has stored stays: it is the user's, and may not be had again from the chain.
Section "Uninstall"
  Delete "$INSTDIR\Spinscope.exe"
  Delete "$INSTDIR\spinscope-server.exe"
  Delete "$INSTDIR\LICENSE.txt"
  Delete "$INSTDIR\LICENCES.txt"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\Spinscope.lnk"
  DeleteRegKey HKCU "${UNINSTALL}"
  DeleteRegKey HKCU "Software\Spinscope"
SectionEnd
